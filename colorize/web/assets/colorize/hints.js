// The visitor's hints: a list in words, tools to undo, save and load, pins on the stage. value: the
// JSON text of a file of hints, "" for none; notes: [{hint, color, words, reach, remark}], what the
// server says of them; loaded: {hints, words}, a file's. Hears the stage's "shown" and "spot", and
// "take" {hints, words, source} of whoever suggests hints; says "pins" {hints} itself.
// Given: `element`, `props`, `trigger`, `watch`; history.js, pins.js and question.js before.
const tool = (selector) => element.querySelector(selector);
const LARGEST_FILE = 1 << 20; // bytes
const BESIDE = 0.06; // shares: so near to a pin of the visitor's own nothing is suggested
let drawn = ""; // of the list
let photo = null; // the one that is shown: {photo, words}
const notes = new Map(); // what is known of a hint, by all that it is
const names = new Map(); // of colours that were seen before: a pin that moves keeps its name

const tell = (sentence) => (tool(".status").textContent = sentence);
const counted = (number, thing) => `${number} ${thing}${number === 1 ? "" : "s"}`;

function placeWords({ x, y }) {
  const row = y < 1 / 3 ? "upper" : y > 2 / 3 ? "lower" : "",
    column = x < 1 / 3 ? "left" : x > 2 / 3 ? "right" : "";
  if (row && column) return `${row} ${column}`;
  if (row) return row === "upper" ? "top" : "bottom";
  return column || "middle";
}

const key = ({ x, y, color, radius }) => [rounded(x), rounded(y), color, radius ?? null].join();

function described(place) {
  const hint = hints[place],
    note = notes.get(key(hint));
  const color = hint.color && (note?.color ?? hint.color);
  const thing = hint.color ? (note?.words ?? names.get(hint.color) ?? hint.color) : "left as it is";
  const words = `${place + 1}. ${thing}, ${placeWords(hint)}`;
  return { color, words, reach: note?.reach ?? "", remark: note?.remark ?? "" };
}

function changed() {
  props.value = written(hints);
  drawHints();
  trigger("input");
}

function drawHints() {
  drawPins();
  drawList();
  if (asked && asked.place !== null && !hints[asked.place]) closeQuestion();
  drawQuestion();
  element.classList.toggle("some", hints.length > 0);
  tool(".undo").disabled = !past.length;
  tool(".redo").disabled = !undone.length;
  for (const one of [".clear", ".save", ".hide"]) tool(one).disabled = !hints.length;
  element.dispatchEvent(new CustomEvent("pins", { bubbles: true, detail: { hints } }));
}

function hide(hidden) {
  layer().classList.toggle("unseen", hidden);
  tool(".hide").setAttribute("aria-pressed", hidden);
  if (hidden) closeQuestion();
}

function listed(place) {
  const { color, words, reach, remark } = described(place);
  const item = document.createElement("li");
  const open = document.createElement("button"),
    swatch = document.createElement("i"),
    line = document.createElement("span"),
    more = document.createElement("em"),
    gone = document.createElement("button");
  open.type = gone.type = "button";
  open.className = "open";
  gone.className = "gone";
  swatch.style.background = color ?? "transparent";
  more.textContent = [reach, remark].filter(Boolean).join(", ");
  line.append(`${words} `, more);
  open.append(swatch, line);
  gone.textContent = "×";
  gone.setAttribute("aria-label", `Remove pin ${place + 1}`);
  open.addEventListener("click", () => askPin(place, true));
  gone.addEventListener("click", () => removePin(place));
  item.append(open, gone);
  return item;
}

function drawList() {
  const items = hints.map((_, place) => listed(place));
  const all = items.map((item, place) => `${hints[place].source} ${item.outerHTML}`).join();
  if (all === drawn) return; // what has the focus keeps it
  drawn = all;
  const lent = tool(".lent"),
    suggested = hints.filter((hint) => hint.source),
    took = suggested.filter((hint) => hint.color).length;
  tool(".hand > .told").replaceChildren(...items.filter((_, place) => !hints[place].source));
  lent.querySelector("ol").replaceChildren(...items.filter((_, place) => hints[place].source));
  lent.hidden = !suggested.length;
  lent.querySelector("summary").textContent =
    `${counted(suggested.length, "suggested pin")}: ${took} with a colour, ` +
    `${suggested.length - took} that leave their spot as it is`;
}

function hear(said) {
  notes.clear();
  for (const note of said ?? []) {
    notes.set(key(note.hint), note);
    if (note.color) names.set(note.hint.color, note.words);
  }
  drawHints();
  announce(asked?.place ?? document.activeElement.dataset.place);
}

function announce(place) {
  if (!hints[place]) return;
  const { words, reach, remark } = described(place);
  const aloud = [words, reach, remark].filter(Boolean).join(", ");
  document.querySelector("#stage .sr").textContent = aloud;
}

// A suggestion takes the place of the last one and leaves the visitor's own pins alone; a file is
// all there is from then on.
function take({ hints: text, words, source = null }) {
  const given = JSON.parse(text).map((hint) => ({ radius: null, ...hint, source }));
  const own = source ? hints.filter((hint) => !hint.source) : [];
  const free = ({ x, y }) => own.every((pin) => Math.hypot(pin.x - x, pin.y - y) > BESIDE);
  closeQuestion();
  change([...own, ...given.filter(free)], source === "photo" ? source : null);
  tell(words);
}

function save() {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([written(hints)], { type: "application/json" }));
  link.download = `${photo?.words || "photo"}-hints.json`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  tell(`${counted(hints.length, "pin")} saved as ${link.download}.`);
}

async function load(input) {
  const [file] = input.files;
  if (file.size > LARGEST_FILE)
    tell(`${file.name} has ${file.size} bytes; a file of pins has at most ${LARGEST_FILE}.`);
  else trigger("chosen", { text: await file.text(), name: file.name });
  input.value = ""; // so that the same file can be taken again
}

tool(".undo").addEventListener("click", undo);
tool(".redo").addEventListener("click", redo);
tool(".clear").addEventListener("click", () => change([]));
tool(".hide").addEventListener("click", () => hide(!layer().classList.contains("unseen")));
tool(".save").addEventListener("click", save);
tool(".load input").addEventListener("change", (event) => load(event.target));
document.addEventListener("spot", (event) => {
  const { x, y, keys } = event.detail;
  hide(false);
  askSpot({ x, y, place: null }, keys);
});
document.addEventListener("shown", (event) => {
  const had = hints.length > 0;
  photo = event.detail;
  closeQuestion();
  startAnew();
  tell("");
  if (had)
    changed(); // another photo's pins are not this one's
  else drawHints();
});
document.addEventListener("take", (event) => take(event.detail));
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") closeQuestion();
  if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "z") return;
  if (event.target.matches("input:not([type=range], [type=radio], [type=color]), textarea")) return;
  event.preventDefault();
  (event.shiftKey ? redo : undo)();
});
watch("notes", () => hear(props.notes));
watch("loaded", () => take(props.loaded));
