// A page of its own, set into this one: same ground, same ink, as tall as it is.
// Given: `element`, the page's component, which holds one iframe.

const paper = element.querySelector("iframe");
const COLOURS = {
  // that page's colours: the theme's
  "--paper": "--body-background-fill",
  "--ink": "--body-text-color",
  "--soft": "--body-text-color-subdued",
  "--line": "--border-color-primary",
  "--panel": "--background-fill-secondary",
};

// Do this with the page's document whenever it is there.
function onPaper(work) {
  paper.addEventListener("load", () => {
    if (paper.srcdoc) work(paper.contentDocument);
  });
}

onPaper((page) => {
  const theme = getComputedStyle(document.body);
  for (const [ours, its] of Object.entries(COLOURS)) {
    page.documentElement.style.setProperty(ours, theme.getPropertyValue(its));
  }
  page.body.style.padding = "0";
  paper.hidden = false;
  const fit = () => (paper.style.height = `${page.documentElement.offsetHeight}px`);
  new ResizeObserver(fit).observe(page.body);
});
