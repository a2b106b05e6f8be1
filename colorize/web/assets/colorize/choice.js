// One model out of several, each with its sentence. value: the name; options: [{name, sentence}].
// Given: `element`, this widget's; `props`, its value; `trigger` and `watch`, for its events.
const mark = () => {
  for (const radio of element.querySelectorAll("input"))
    radio.checked = radio.value === props.value;
};
element.addEventListener("change", (event) => {
  props.value = event.target.value;
  trigger("input");
});
watch("value", mark); // a quoted name of another prop would pass for an event
mark();
