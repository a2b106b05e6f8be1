// A page of a study's own questions: asked, read, and complete before it is sent.
// Given: `element`, the page's component; words.js and trial.js come before.

const questionnaire = element.querySelector('section[data-name="questions"]');

// Ask them; `press` waits for the button. Gives the answers by the questions' names.
async function fill(questions, press) {
  const list = questionnaire.querySelector('[data-part="questions"]');
  list.replaceChildren(...questions.map(asked));
  const complaint = questionnaire.querySelector('[data-text="unanswered"]');
  complaint.textContent = "";
  for (;;) {
    await press(questionnaire);
    const answers = Object.fromEntries(
      questions.map((one, i) => [one.name, read(one, list.children[i])]),
    );
    const open = questions.map((one) => one.required && answers[one.name] === null);
    [...list.children].forEach((group, i) => group.classList.toggle("open", open[i]));
    if (!open.includes(true)) return answers;
    complaint.textContent = say("unanswered");
    list.children[open.indexOf(true)].querySelector("input, textarea").focus();
  }
}

function asked(question) {
  const group = document.createElement("fieldset");
  const legend = made("legend", question.text);
  if (!question.required) legend.append(made("small", ` (${say("optional")})`));
  group.append(legend, ...fields[question.kind](question));
  return group;
}

const fields = {
  choice: ({ name, options }) => options.map((option) => radio(name, option, option)),
  scale: ({ name, steps, low, high }) => {
    const row = document.createElement("div");
    row.className = "scale";
    row.classList.toggle("row", steps <= 7); // as many as a phone has room for
    const numbers = Array.from({ length: steps }, (_, i) => i + 1);
    row.append(...numbers.map((n) => radio(name, n, n, say("step", { n, total: steps }))));
    const ends = document.createElement("div");
    ends.className = "ends";
    ends.append(made("span", low), made("span", high));
    return [row, ends];
  },
  text: ({ name, longest, text }) => {
    const area = document.createElement("textarea");
    Object.assign(area, { name, maxLength: longest, rows: 3 });
    area.setAttribute("aria-label", text);
    return [area];
  },
};

function radio(name, value, text, label) {
  const input = document.createElement("input");
  Object.assign(input, { type: "radio", name, value });
  if (label) input.setAttribute("aria-label", label);
  const whole = document.createElement("label");
  whole.append(input, made("span", text));
  return whole;
}

// null: not answered
function read({ kind }, group) {
  const value = group.querySelector("input:checked, textarea")?.value.trim();
  if (!value) return null;
  return kind === "scale" ? Number(value) : value;
}
