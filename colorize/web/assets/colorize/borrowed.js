// What a reference photo lent. value: {photo, sentence, hints, taken, giver, pairs: [{number, x, y,
// from: [x, y], color}]} or null. Its hints are offered to the page as "take".
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
  const [here, there] = element.querySelectorAll(".dots");
  find(".loan").hidden = !value;
  if (!value) return;
  find(".taken").src = value.taken;
  find(".giver").src = value.giver;
  find(".status").textContent = value.sentence;
  here.replaceChildren(...value.pairs.map((p) => dot(p.number, [p.x, p.y], p.color)));
  there.replaceChildren(...value.pairs.map((p) => dot(p.number, p.from, p.color)));
}

function lend() {
  draw();
  if (props.value?.photo !== latest) return;
  const detail = { hints: props.value.hints, words: props.value.sentence, borrowed: true };
  element.dispatchEvent(new CustomEvent("take", { bubbles: true, detail }));
}

document.addEventListener("shown", (event) => {
  latest = event.detail.photo;
  draw();
});
watch("value", lend);
