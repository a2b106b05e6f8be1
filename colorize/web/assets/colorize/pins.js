// Pins on the photo, one for each hint: to drag, to move by arrow keys, to delete, to open.
// Given: nothing but history.js before it, question.js and hints.js after it.
const LEAST_DRAG = 4; // pixels: a pointer that moves less has not dragged
let drags = 0; // so that each is a step of its own

const layer = () => document.querySelector("#stage .pins");
const pinAt = (place) => layer().querySelector(`.pin[data-place="${place}"]`);
const within = (share) => Math.min(1, Math.max(0, share));

function drawPins() {
  const pins = [...layer().querySelectorAll(".pin[data-place]")];
  for (const spare of pins.slice(hints.length)) spare.remove();
  hints.forEach((hint, place) => {
    const pin = pins[place] ?? newPin(place);
    const { color, words } = described(place);
    pin.style.left = `${100 * hint.x}%`;
    pin.style.top = `${100 * hint.y}%`;
    pin.style.setProperty("--color", color ?? "transparent");
    pin.classList.toggle("kept", !hint.color);
    pin.classList.toggle("suggested", Boolean(hint.source));
    pin.setAttribute("aria-label", `Pin ${words}`);
  });
}

function newPin(place) {
  const pin = document.createElement("button");
  pin.type = "button";
  pin.className = "pin";
  pin.dataset.place = place;
  pin.textContent = place + 1;
  pin.setAttribute("aria-keyshortcuts", "ArrowLeft ArrowRight ArrowUp ArrowDown Delete");
  pin.addEventListener("keydown", (event) => onKey(place, event));
  draggable(pin, place);
  layer().append(pin);
  return pin;
}

function removePin(place) {
  closeQuestion();
  change(hints.filter((_, other) => other !== place));
  const next = pinAt(Math.min(place, hints.length - 1));
  (next ?? document.querySelector("#stage .spotter")).focus();
}

function movePin(place, x, y, movement) {
  change(replaced(place, { x: within(x), y: within(y) }), movement);
}

function onKey(place, event) {
  const by = event.shiftKey ? 0.05 : 0.01;
  const moves = { ArrowLeft: [-by, 0], ArrowRight: [by, 0], ArrowUp: [0, -by], ArrowDown: [0, by] };
  const [dx, dy] = moves[event.key] ?? [0, 0];
  const { x, y } = hints[place];
  if (dx || dy) {
    closeQuestion(); // it was about another spot
    movePin(place, x + dx, y + dy, `keys at ${place}`);
  } else if (event.key === "Delete" || event.key === "Backspace") removePin(place);
  else return;
  event.preventDefault();
}

function draggable(pin, place) {
  let grip = null; // where the pointer went down, and the movement if it is one
  let dragged = false; // a click that ends a drag opens nothing
  pin.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    grip = { x: event.clientX, y: event.clientY, movement: null };
    pin.setPointerCapture(event.pointerId);
  });
  pin.addEventListener("pointermove", (event) => {
    if (!grip) return;
    const far = Math.hypot(event.clientX - grip.x, event.clientY - grip.y);
    if (!grip.movement && far <= LEAST_DRAG) return;
    if (!grip.movement) closeQuestion();
    grip.movement ??= `drag ${++drags}`;
    const box = layer().getBoundingClientRect();
    const x = (event.clientX - box.left) / box.width,
      y = (event.clientY - box.top) / box.height;
    movePin(place, x, y, grip.movement);
  });
  for (const end of ["pointerup", "pointercancel"])
    pin.addEventListener(end, () => {
      dragged = Boolean(grip?.movement);
      grip = null;
    });
  pin.addEventListener("click", (event) => {
    if (!dragged) askPin(place, !event.detail); // no detail: by a key
    dragged = false;
  });
}
