// A photo that can be asked about a pixel. value: {photo, picture, width, height, x, y}, or null;
// sizes and places are those of the file. Says which pixel is asked about, for a new photo too.
// Given: `element`, this widget's; `props`, its value; `trigger` and `watch`, for its events.
const find = (selector) => element.querySelector(selector);
const image = find("img"),
  cross = find(".cross"),
  x = find("[name=x]"),
  y = find("[name=y]");
let photo = null; // the one that is shown
const within = (number, size) => Math.min(size - 1, Math.max(0, Math.floor(number) || 0));

function mark() {
  const { width, height } = props.value;
  cross.style.left = `${(100 * (Number(x.value) + 0.5)) / width}%`;
  cross.style.top = `${(100 * (Number(y.value) + 0.5)) / height}%`;
}

function ask(newX, newY) {
  const { width, height } = props.value;
  x.value = within(newX, width);
  y.value = within(newY, height);
  mark();
  trigger("pick", { x: Number(x.value), y: Number(y.value) });
}

function draw() {
  const value = props.value;
  if (!value) return;
  image.src = value.picture;
  x.max = value.width - 1;
  y.max = value.height - 1;
  if (value.photo !== photo) [x.value, y.value] = [value.x, value.y];
  photo = value.photo;
  ask(Number(x.value), Number(y.value));
}

image.addEventListener("click", (event) => {
  const box = image.getBoundingClientRect();
  ask(
    ((event.clientX - box.left) / box.width) * props.value.width,
    ((event.clientY - box.top) / box.height) * props.value.height,
  );
});
find("form").addEventListener("change", () => props.value && ask(Number(x.value), Number(y.value)));
find("form").addEventListener("submit", (event) => event.preventDefault());
watch("value", draw);
draw();
