// Shows some arms, tasks and protocols alone: rows, panels and legends by what their data-… say, and in charts, by the
// signal `hidden`, the marks of arms.
const filter = document.getElementById("filter");

function unchecked(boxes) {
  const hidden = { arm: [], task: [], protocol: [] };
  for (const box of boxes) {
    if (!box.checked) hidden[box.name].push(box.value);
  }
  return hidden;
}

function describeChoice(boxes) {
  const groups = Object.groupBy(boxes, (box) => box.name);
  const parts = Object.entries(groups)
    .filter(([, all]) => all.some((box) => !box.checked))
    .map(([kind, all]) => `${all.filter((box) => box.checked).length} of ${all.length} ${kind}s`);
  return parts.length ? `Showing ${parts.join(", ")}` : "";
}

function hideElements(hidden) {
  const kinds = Object.keys(hidden);
  for (const element of document.querySelectorAll(kinds.map((kind) => `main [data-${kind}]`).join())) {
    element.hidden = kinds.some((kind) => hidden[kind].includes(element.dataset[kind]));
  }
}

async function applyFilter() {
  const boxes = [...filter.querySelectorAll("input")];
  const hidden = unchecked(boxes);
  document.getElementById("shown").textContent = describeChoice(boxes);
  document.getElementById("show-all").disabled = boxes.every((box) => box.checked);
  hideElements(hidden);
  for (const chart of Object.values(charts)) {
    const { view } = await chart;
    await view.signal("hidden", hidden.arm).runAsync();
  }
  window.dispatchEvent(new Event("resize")); // charts that come back have the width of before
}

if (filter) {
  filter.addEventListener("change", applyFilter);
  document.getElementById("show-all").addEventListener("click", () => {
    for (const box of filter.querySelectorAll("input")) box.checked = true;
    filter.querySelector("input").focus(); // the button that had it is disabled now
    applyFilter();
  });
  filter.hidden = false;
}
