// Over the photo: a drag moves the divider, a click that stays where it is chooses a spot. Keys do
// both as well: the divider is a slider, the photo has a cross that the arrow keys move.
// Given: `element`, this widget's. stage.js uses what is here.
const at = (selector) => element.querySelector(selector);
const divider = at(".divider"),
  spotter = at(".spotter"),
  handle = at(".handle");
const LEAST_SWIPE = 5; // pixels: a finger that moves less has not dragged
const aim = { x: 0.5, y: 0.5 }; // where the cross of the keys is
let grip = null; // {x, y, moved} of the pointer that is down
const dragging = () => Boolean(grip?.moved);

const say = (name, detail) =>
  element.dispatchEvent(new CustomEvent(name, { bubbles: true, detail }));
const inside = (number) => Math.min(1, Math.max(0, number));

function cut(percent) {
  at(".stage").style.setProperty("--cut", `${percent}%`);
  divider.value = percent;
  const against = at(".against");
  const side = against.hidden || at("[value=before]").checked ? "black and white" : "original";
  divider.setAttribute("aria-valuetext", `${Math.round(percent)} % ${side}`);
}

function shares(event) {
  const box = spotter.getBoundingClientRect();
  return {
    x: inside((event.clientX - box.left) / box.width),
    y: inside((event.clientY - box.top) / box.height),
  };
}

function placeCross() {
  const mark = at(".spotter .cross");
  mark.style.left = `${100 * aim.x}%`;
  mark.style.top = `${100 * aim.y}%`;
}

for (const surface of [spotter, handle]) {
  surface.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    grip = { x: event.clientX, y: event.clientY, moved: false };
    surface.setPointerCapture(event.pointerId);
  });
  surface.addEventListener("pointermove", (event) => {
    if (!grip) return;
    const far = Math.hypot(event.clientX - grip.x, event.clientY - grip.y);
    if (far > LEAST_SWIPE) grip.moved = true;
    if (grip.moved) cut(100 * shares(event).x);
  });
  surface.addEventListener("pointerup", (event) => {
    if (grip && !grip.moved) {
      Object.assign(aim, shares(event));
      placeCross();
      say("spot", { ...aim, keys: false });
    }
    grip = null;
  });
  surface.addEventListener("pointercancel", () => {
    grip = null; // the finger scrolls the page
  });
}

spotter.addEventListener("keydown", (event) => {
  const by = event.shiftKey ? 0.1 : 0.02;
  const step = { ArrowLeft: [-by, 0], ArrowRight: [by, 0], ArrowUp: [0, -by], ArrowDown: [0, by] };
  const move = step[event.key];
  if (move) {
    [aim.x, aim.y] = [inside(aim.x + move[0]), inside(aim.y + move[1])];
    placeCross();
    const across = Math.round(100 * aim.x),
      down = Math.round(100 * aim.y);
    at(".sr").textContent = `${across} % from the left, ${down} % from the top`;
  } else if (event.key === "Enter" || event.key === " ") say("spot", { ...aim, keys: true });
  else return;
  event.preventDefault();
});
divider.addEventListener("input", () => cut(Number(divider.value)));
placeCross();
