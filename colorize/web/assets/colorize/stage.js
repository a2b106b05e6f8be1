// The photo before and after. value: {photo, before, after, original, width, height, words, facts};
// or only {photo, after} where nothing but the colours changed; or null. Whoever draws on the photo
// finds a layer .pins over it, and hears "shown" {photo, words} when another one, or none, is there
// and "spot" {x, y, keys} when a place was clicked, tapped or chosen by keys; x and y are shares.
// Given: `props`, its value; `watch`, for its changes; spotter.js before.
const stage = at(".stage"),
  against = at(".against");
const calm = matchMedia("(prefers-reduced-motion: reduce)");
let shown = null; // the last value that told of the photo itself

function reveal() {
  if (calm.matches) return cut(50);
  const start = performance.now();
  const step = (now) => {
    const t = Math.min(1, (now - start) / 1100);
    cut(100 - 50 * (1 - (1 - t) ** 3));
    if (t < 1 && !dragging()) requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
}

function left() {
  const original = shown.original && at("[value=original]").checked;
  at(".before").src = original ? shown.original : shown.before;
  at(".tag.left").textContent = original ? "original" : "before";
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
    if (shown) say("shown", { photo: null, words: "" });
    shown = null;
    against.hidden = true;
    at(".facts").textContent = "";
    return;
  }
  if (!value.before && value.photo !== shown?.photo) return; // late, of a photo that is gone
  await decoded(value.after);
  if (value !== props.value) return; // a newer one has come
  at(".after").src = value.after;
  if (!value.before) return;
  const same = shown?.photo === value.photo;
  shown = value;
  stage.style.setProperty("--width", value.width);
  stage.style.setProperty("--height", value.height);
  at(".after").alt = `${value.words}, in colour`;
  at(".before").alt = `${value.words}, as it came`;
  at(".facts").textContent = value.facts;
  against.hidden = !value.original;
  if (!value.original) at("[value=before]").checked = true;
  left();
  if (same) return;
  say("shown", { photo: value.photo, words: value.words });
  reveal();
}

against.addEventListener("change", () => {
  left();
  cut(Number(divider.value));
});
watch("value", draw);
draw();
