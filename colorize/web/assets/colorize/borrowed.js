// What a reference photo lent. value: {photo, sentence, hints, taken, giver, pairs: [{number, x, y,
// from: [x, y], color}]} or null; where nothing is lent there are no pictures and pairs. Its hints are
// offered to the page as "take".
// Given: `element`, this widget's; `props`, its value; `watch`, for its changes.
const find = (selector) => element.querySelector(selector);
let latest = null; // the photo on the stage

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
  here.replaceChildren(...pairs.map((pair) => dot(pair.number, [pair.x, pair.y], pair.color)));
  there.replaceChildren(...pairs.map((pair) => dot(pair.number, pair.from, pair.color)));
}

function lend() {
  draw();
  const value = props.value;
  if (value?.photo !== latest || !value?.hints) return; // of a photo that is gone, or nothing
  const detail = { hints: value.hints, words: value.sentence, borrowed: true };
  element.dispatchEvent(new CustomEvent("take", { bubbles: true, detail }));
}

document.addEventListener("shown", (event) => {
  latest = event.detail.photo;
  draw();
});
watch("value", lend);
