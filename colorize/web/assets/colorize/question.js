// What colour is this? Asked beside a spot: what the model held possible there, any other colour,
// "leave as it is". Each answer is painted at once; the question stays until it is closed.
// Given: `element`, `props`, `trigger`, `watch`; history.js and pins.js before, hints.js after. The
// answer comes as props.spot: {x, y, lead, offers: [{color, shown, words, share}]}.
const question = element.querySelector(".question");
const part = (selector) => question.querySelector(selector);
const SHEET = 640; // pixels: in a narrower window the question lies at its lower edge
let asked = null; // {x, y, place}: place is the number of its pin, or null before there is one
let byKeys = false; // then the focus goes into the question
let picks = 0; // so that all of one colour picker's moves are one step

function askSpot(spot, keys) {
  asked = spot;
  byKeys = keys;
  layer().append(question);
  part(".offers").replaceChildren();
  part(".lead").textContent = "Asking the model…";
  question.hidden = false;
  picks += 1;
  drawQuestion();
  placeQuestion();
  trigger("ask", { x: spot.x, y: spot.y });
}

const askPin = (place, keys) => askSpot({ x: hints[place].x, y: hints[place].y, place }, keys);

function closeQuestion() {
  if (!asked) return;
  const { place } = asked;
  const inside = question.contains(document.activeElement);
  asked = null;
  question.hidden = true;
  layer().querySelector(".draft")?.remove();
  if (inside) (pinAt(place) ?? document.querySelector("#stage .spotter")).focus();
}

function answer(color, movement = null) {
  const { x, y, place } = asked;
  if (place === null) {
    asked = { x, y, place: hints.length };
    change([...hints, { x, y, color, radius: null }], movement);
  } else change(replaced(place, { color }), movement);
}

function drawQuestion() {
  if (!asked) return;
  const hint = hints[asked.place];
  const said = hint ? described(asked.place) : null;
  part(".what").textContent = said ? `Pin ${asked.place + 1}` : "What colour is this?";
  question.setAttribute("aria-label", said ? `Pin ${said.words}` : "What colour is this?");
  for (const offer of part(".offers").children)
    offer.setAttribute("aria-pressed", hint?.color === offer.dataset.color);
  part(".keep").setAttribute("aria-pressed", Boolean(hint) && !hint.color);
  part("footer").classList.toggle("later", !hint);
  for (const one of ["select", ".remove"]) part(one).disabled = !hint;
  part(".remark").hidden = !said?.remark;
  part(".remark").textContent = said?.remark ?? "";
  if (hint) showReach(hint.radius);
  drawDraft(!hint);
  uncover();
}

function showReach(radius) {
  const select = part("select");
  const value = radius ? String(radius) : "";
  select.querySelector(".given")?.remove();
  if (![...select.options].some((option) => option.value === value)) {
    const given = new Option(`${Math.round(100 * radius)} % of the photo`, value);
    given.className = "given"; // by a file
    select.append(given);
  }
  select.value = value;
}

function drawDraft(wanted) {
  const draft = layer().querySelector(".draft") ?? document.createElement("span");
  if (!wanted) return draft.remove();
  draft.className = "pin draft";
  draft.style.left = `${100 * asked.x}%`;
  draft.style.top = `${100 * asked.y}%`;
  layer().append(draft);
}

function placeQuestion() {
  // right of the spot or left of it, where there is more room; in its height as far as it goes
  const box = layer().getBoundingClientRect();
  const width = question.offsetWidth,
    height = question.offsetHeight;
  const spot = box.left + asked.x * box.width;
  const right = spot + 28 + width < document.documentElement.clientWidth - 8;
  const top = Math.min(asked.y * box.height - 56, box.height - height + 8);
  question.classList.toggle("flipped", !right);
  question.style.setProperty("--left", `${asked.x * box.width + (right ? 24 : -24 - width)}px`);
  question.style.setProperty("--top", `${Math.max(-8, top)}px`);
  uncover();
}

function uncover() {
  // in a narrow window: the spot is to be seen above the question
  if (innerWidth >= SHEET) return;
  const box = layer().getBoundingClientRect();
  const spot = box.top + asked.y * box.height;
  const low = spot + 32 - question.getBoundingClientRect().top,
    high = spot - 32;
  if (low > 0 || high < 0) scrollBy({ top: low > 0 ? low : high });
}

function offered(swatch) {
  const offer = document.createElement("button");
  offer.type = "button";
  offer.dataset.color = swatch.color;
  const disc = document.createElement("i"),
    name = document.createElement("span"),
    percent = document.createElement("b");
  disc.style.background = swatch.shown;
  name.textContent = swatch.words;
  percent.textContent = `${Math.round(100 * swatch.share)} %`;
  offer.append(disc, name, percent);
  offer.addEventListener("click", () => answer(swatch.color));
  return offer;
}

function drawOffers() {
  const spot = props.spot;
  if (!asked || !spot || Math.hypot(spot.x - asked.x, spot.y - asked.y) > 1e-3) return;
  part(".lead").textContent = spot.lead;
  part(".offers").replaceChildren(...spot.offers.map(offered));
  drawQuestion();
  placeQuestion();
  if (byKeys) (part(".offers button") ?? part("input")).focus();
  byKeys = false;
}

part("input").addEventListener("input", (event) => answer(event.target.value, `pick ${picks}`));
part("input").addEventListener("change", () => (picks += 1));
part(".keep").addEventListener("click", () => answer(null));
part("select").addEventListener("change", (event) =>
  change(replaced(asked.place, { radius: Number(event.target.value) || null })),
);
part(".remove").addEventListener("click", () => removePin(asked.place));
part(".close").addEventListener("click", closeQuestion);
watch("spot", drawOffers);
