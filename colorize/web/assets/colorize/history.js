// The hints of the photo that is shown, and the way back: each change is a step that can be undone.
// A hint is {x, y, color, radius} as in its file; `source` says who suggested it:
// "version" or "photo", null for the visitor's own.
// Given: nothing but hints.js after it. The other scripts of the pins use what is here.
const past = []; // lists of hints; none of them is ever changed
const undone = [];
let hints = [];
let lately = null; // the movement that the last change belongs to: all of it is one step

function change(next, movement = null) {
  if (movement === null || movement !== lately) past.push(hints);
  lately = movement;
  hints = next;
  undone.length = 0;
  changed();
}

function goTo(from, to) {
  if (!from.length) return;
  to.push(hints);
  hints = from.pop();
  lately = null;
  changed();
}

const undo = () => goTo(past, undone);
const redo = () => goTo(undone, past);

function startAnew() {
  past.length = undone.length = 0;
  hints = [];
  lately = null;
}

const replaced = (place, changes) =>
  hints.map((hint, other) => (other === place ? { ...hint, source: null, ...changes } : hint));

const rounded = (share) => Math.round(share * 1e4) / 1e4;

// The text of a file of hints; empty for none.
const written = (some) =>
  some.length
    ? JSON.stringify(
        some.map(({ x, y, color, radius }) => ({
          x: rounded(x),
          y: rounded(y),
          color,
          ...(radius ? { radius } : {}),
        })),
      )
    : "";
