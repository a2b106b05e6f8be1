// Photos side by side; zoom and position are theirs together. value: [{name, sentence, numbers,
// picture, problem}].
// Given: `element`, this widget's; `props`, its value; `watch`, for its changes.
const wall = element.querySelector(".wall"),
  zoom = element.querySelector(".zoom");
let at = { x: 0.5, y: 0.5 }; // the point of the photo in the middle of every panel
let from = null; // where a drag began

function place() {
  const scale = Number(zoom.value),
    half = 0.5 / scale;
  at = {
    x: Math.min(1 - half, Math.max(half, at.x)),
    y: Math.min(1 - half, Math.max(half, at.y)),
  };
  wall.style.setProperty("--scale", scale);
  wall.style.setProperty("--x", `${(0.5 - at.x) * 100}%`);
  wall.style.setProperty("--y", `${(0.5 - at.y) * 100}%`);
  wall.classList.toggle("near", scale > 1);
  zoom.setAttribute("aria-valuetext", `${scale} times`);
}

function shift(dx, dy) {
  // in shares of a panel
  const scale = Number(zoom.value);
  at = { x: at.x - dx / scale, y: at.y - dy / scale };
  place();
}

function panel({ name, sentence, numbers, picture, problem }) {
  const figure = document.createElement("figure");
  const view = document.createElement("div");
  view.className = "view";
  if (picture) {
    const image = new Image();
    image.src = picture;
    image.alt = `${name}: ${sentence}`;
    image.draggable = false;
    image.onload = () =>
      wall.style.setProperty("--ratio", image.naturalWidth / image.naturalHeight);
    view.tabIndex = 0;
    view.setAttribute("role", "group");
    view.setAttribute("aria-label", `${name}: arrow keys move all pictures, plus and minus zoom`);
    view.append(image);
  } else {
    view.classList.add("missing");
    view.textContent = problem;
  }
  const caption = document.createElement("figcaption");
  for (const [tag, text] of [
    ["b", name],
    ["span", numbers],
    ["small", sentence],
  ]) {
    const part = document.createElement(tag);
    part.textContent = text;
    caption.append(part);
  }
  figure.append(view, caption);
  return figure;
}

function draw() {
  const panels = props.value || [];
  element.hidden = !panels.length;
  wall.style.setProperty("--columns", Math.ceil(panels.length / Math.ceil(panels.length / 4)));
  wall.replaceChildren(...panels.map(panel));
  place();
}

zoom.addEventListener("input", place);
element.querySelector(".whole").addEventListener("click", () => {
  zoom.value = 1;
  place();
});
wall.addEventListener("pointerdown", (event) => {
  if (!event.target.closest(".view") || Number(zoom.value) === 1) return;
  from = { x: event.clientX, y: event.clientY };
  event.target.setPointerCapture(event.pointerId);
});
wall.addEventListener("pointermove", (event) => {
  if (!from) return;
  const image = event.target.closest(".view").firstChild;
  shift(
    (event.clientX - from.x) / image.offsetWidth,
    (event.clientY - from.y) / image.offsetHeight,
  );
  from = { x: event.clientX, y: event.clientY };
});
for (const end of ["pointerup", "pointercancel"])
  wall.addEventListener(end, () => {
    from = null;
  });
wall.addEventListener(
  "wheel",
  (event) => {
    if (!event.ctrlKey && !event.metaKey) return; // a plain wheel scrolls the page
    event.preventDefault();
    zoom.value = Number(zoom.value) * Math.exp(-event.deltaY / 300);
    place();
  },
  { passive: false },
);
wall.addEventListener("dblclick", (event) => {
  const view = event.target.closest(".view");
  if (!view) return;
  const box = view.firstChild.getBoundingClientRect(),
    scale = Number(zoom.value);
  at = { x: (event.clientX - box.left) / box.width, y: (event.clientY - box.top) / box.height };
  zoom.value = scale > 1 ? 1 : 3;
  place();
});
wall.addEventListener("keydown", (event) => {
  const moves = {
    ArrowLeft: [0.1, 0],
    ArrowRight: [-0.1, 0],
    ArrowUp: [0, 0.1],
    ArrowDown: [0, -0.1],
  };
  if (moves[event.key] && Number(zoom.value) > 1) shift(...moves[event.key]);
  else if (event.key === "+" || event.key === "=") {
    zoom.value = Number(zoom.value) * 1.3;
    place();
  } else if (event.key === "-") {
    zoom.value = Number(zoom.value) / 1.3;
    place();
  } else return;
  event.preventDefault();
});
watch("value", draw);
draw();
