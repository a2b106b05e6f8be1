// What a reference photo lent. value: {photo, sentence, hints, taken, giver, pairs: [{x, y, from:
// [x, y], color}]} or null; where nothing is lent there are no pictures and pairs. Its hints are
// offered to the page as "take"; the dots have the numbers of their pins, of which "pins" tells.
// Given: `element`, this widget's; `props`, its value; `watch`, for its changes.
const find = (selector) => element.querySelector(selector);
let latest = null; // the photo on the stage
let pins = []; // on it

const numberOf = ({ x, y }) =>
  pins.findIndex((pin) => pin.source && Math.hypot(pin.x - x, pin.y - y) < 1e-3) + 1;

function dot(number, [x, y], color) {
  const mark = document.createElement("span");
  mark.className = "dot";
  mark.textContent = number;
  mark.style.left = `${100 * x}%`;
  mark.style.top = `${100 * y}%`;
  mark.style.setProperty("--color", color);
  return mark;
}

function draw() {
  const value = props.value?.photo === latest ? props.value : null;
  find(".loan").hidden = !value;
  find(".status").textContent = value?.sentence ?? "";
  const pairs = value?.pairs ?? [];
  for (const figure of element.querySelectorAll("figure")) figure.hidden = !pairs.length;
  if (!pairs.length) return;
  find(".taken").src = value.taken;
  find(".giver").src = value.giver;
  const [here, there] = element.querySelectorAll(".dots");
  const lent = pairs.map((pair) => ({ ...pair, number: numberOf(pair) })).filter((p) => p.number);
  here.replaceChildren(...lent.map((pair) => dot(pair.number, [pair.x, pair.y], pair.color)));
  there.replaceChildren(...lent.map((pair) => dot(pair.number, pair.from, pair.color)));
}

function lend() {
  draw();
  const value = props.value;
  if (value?.photo !== latest || !value?.hints) return; // of a photo that is gone, or nothing
  const detail = { hints: value.hints, words: value.sentence, source: "photo" };
  element.dispatchEvent(new CustomEvent("take", { bubbles: true, detail }));
}

document.addEventListener("shown", (event) => {
  latest = event.detail.photo;
  draw();
});
document.addEventListener("pins", (event) => {
  pins = event.detail.hints;
  draw();
});
watch("value", lend);
