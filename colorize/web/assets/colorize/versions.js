// Versions of the photo. value: {photo, sentence, versions: [{picture, hints, words}]} or null.
// A click takes one over: its hints are offered to the page as "take".
// Given: `element`, this widget's; `props`, its value; `trigger` and `watch`, for its events.
const list = element.querySelector("ol"),
  show = element.querySelector(".show"),
  status = element.querySelector(".status");
const TAKEN = "This version is taken over. Its pins are yours to change.";
let latest = null; // the photo on the stage

function version({ picture, words, ...rest }, number) {
  const item = document.createElement("li"),
    button = document.createElement("button");
  const image = new Image();
  button.type = "button";
  image.src = picture;
  image.alt = "";
  const name = document.createElement("span");
  name.textContent = words;
  button.append(image, name);
  button.setAttribute("aria-label", `Take version ${number + 1}: ${words}`);
  button.addEventListener("click", () => {
    const detail = { hints: rest.hints, source: "version", words: TAKEN };
    element.dispatchEvent(new CustomEvent("take", { bubbles: true, detail }));
  });
  item.append(button);
  return item;
}

function draw() {
  const value = props.value?.photo === latest ? props.value : null;
  status.textContent = value?.sentence ?? "";
  list.replaceChildren(...(value?.versions ?? []).map(version));
}

show.addEventListener("click", () => {
  status.textContent = "Looking for other colours…";
  trigger("show");
});
document.addEventListener("shown", (event) => {
  latest = event.detail.photo;
  draw();
});
watch("value", draw);
draw();
