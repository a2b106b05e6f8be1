// The open board on the Results page: a page of its own, set into this one.
// Given: `element`, the page's component, and `server`, its functions.

const paper = element.querySelector("iframe");
const note = element.querySelector("[role=status]");
const COLOURS = {
  // the board's colours: the theme's
  "--paper": "--body-background-fill",
  "--ink": "--body-text-color",
  "--soft": "--body-text-color-subdued",
  "--line": "--border-color-primary",
  "--panel": "--background-fill-secondary",
};

// Same ground, same ink, same type, as tall as it is.
paper.addEventListener("load", () => {
  if (!paper.srcdoc) return;
  const page = paper.contentDocument;
  const theme = getComputedStyle(document.body);
  for (const [ours, its] of Object.entries(COLOURS)) {
    page.documentElement.style.setProperty(ours, theme.getPropertyValue(its));
  }
  page.body.style.padding = "0";
  paper.hidden = false;
  note.textContent = "";
  new ResizeObserver(() => {
    paper.style.height = `${page.documentElement.offsetHeight}px`;
  }).observe(page.body);
  if (location.hash === "#board") element.scrollIntoView();
});

(async () => {
  const said = await server.ask({ ask: "board" }).catch(() => undefined);
  if (said?.reply) paper.srcdoc = said.reply.page;
  else note.textContent = said?.sentence ?? "The board cannot be reached at the moment.";
})();
