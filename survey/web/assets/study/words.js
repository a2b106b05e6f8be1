// What the page says, in the language of the study or, if it leaves that open, of the browser.
// Given: `element`, the page's component. Before it stands WORDS, the files of survey/language/.

let language = preferred(Object.keys(WORDS));

function preferred(known) {
  const wanted = navigator.languages.map((name) => name.split("-")[0]);
  return (
    wanted.find((name) => known.includes(name)) ?? known.find((name) => name === "en") ?? known[0]
  );
}

// From now on all is said in one of these languages.
function speak(known) {
  language = preferred(known);
  element.lang = language;
  element.querySelectorAll("[data-say]").forEach((spot) => {
    spot.textContent = say(spot.dataset.say);
  });
  element.querySelectorAll("[data-say-label]").forEach((spot) => {
    spot.setAttribute("aria-label", say(spot.dataset.sayLabel));
  });
}

function say(key, values = {}) {
  const text = WORDS[language].page[key];
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

// A sentence that the server or the app says in English: by its own words, else by what it is about.
function translated(section, sentence, about) {
  if (language === "en") return sentence;
  const [key] = Object.entries(WORDS.en[section]).find(([, words]) => words === sentence) ?? [
    about,
  ];
  return WORDS[language][section][key] ?? sentence;
}

speak(Object.keys(WORDS));
