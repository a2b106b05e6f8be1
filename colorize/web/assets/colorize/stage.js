// The photo before and after. value: {before, after, original, width, height, words, facts}; or only
// {after} where nothing but the colours changed; or null.
// Given: `element`, this widget's; `props`, its value; `watch`, for its changes.
const find = (selector) => element.querySelector(selector);
const stage = find(".stage"),
  divider = find(".divider"),
  against = find(".against");
const calm = matchMedia("(prefers-reduced-motion: reduce)");
let shown = null; // the last value that told of the photo itself

function cut(share) {
  stage.style.setProperty("--cut", `${share}%`);
  divider.value = share;
  const side = against.hidden || find("[value=before]").checked ? "black and white" : "original";
  divider.setAttribute("aria-valuetext", `${Math.round(share)} % ${side}`);
}

function reveal() {
  if (calm.matches) return cut(50);
  const start = performance.now();
  const step = (now) => {
    const t = Math.min(1, (now - start) / 1100);
    cut(100 - 50 * (1 - (1 - t) ** 3));
    if (t < 1) requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
}

function left() {
  const original = shown.original && find("[value=original]").checked;
  find(".before").src = original ? shown.original : shown.before;
  find(".tag.left").textContent = original ? "original" : "before";
}

async function decoded(source) {
  // swap whole pictures only: no flicker while a slider moves
  const image = new Image();
  image.src = source;
  await image.decode().catch(() => {});
  return source;
}

async function draw() {
  const value = props.value;
  stage.classList.toggle("empty", !value);
  if (!value) {
    shown = null;
    against.hidden = true;
    find(".facts").textContent = "";
    return;
  }
  await decoded(value.after);
  if (value !== props.value) return; // a newer one has come
  find(".after").src = value.after;
  if (!value.before) return;
  const same = shown && shown.before === value.before;
  shown = value;
  stage.style.setProperty("--width", value.width);
  stage.style.setProperty("--height", value.height);
  find(".after").alt = `${value.words}, in colour`;
  find(".before").alt = `${value.words}, as it came`;
  find(".facts").textContent = value.facts;
  against.hidden = !value.original;
  if (!value.original) find("[value=before]").checked = true;
  left();
  if (!same) reveal();
}

divider.addEventListener("input", () => cut(Number(divider.value)));
against.addEventListener("change", () => {
  left();
  cut(Number(divider.value));
});
watch("value", draw);
draw();
