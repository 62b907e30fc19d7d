// Tables as CSV with all digits, charts as CSV and as SVG with their legend: files made of what the page holds.
const tables = JSON.parse(document.getElementById("tables").textContent);

function save(name, type, text) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: `${type};charset=utf-8` }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

function field(value) {
  const text = value === null || value === undefined ? "" : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function chartCsv(id) {
  // What else a chart holds are lines and areas behind its data, of few columns.
  const wide = (rows) => Object.keys(rows[0] ?? {}).length;
  const rows = Object.values(specifications[id].datasets).reduce((one, other) => (wide(other) > wide(one) ? other : one));
  const columns = Object.keys(rows[0] ?? {});
  return [columns, ...rows.map((row) => columns.map((column) => row[column]))]
    .map((values) => values.map(field).join(",") + "\n")
    .join("");
}

async function chartSvg(id) {
  const shown = (await charts[id]).view;
  const specification = structuredClone(specifications[id]);
  Object.assign(specification, { width: Math.round(shown.width()), background: "white" });
  specification.config.legend.disable = false;
  specification.params.find((param) => param.name === "hidden").value = shown.signal("hidden");
  const { view, finalize } = await vegaEmbed(document.createElement("div"), specification, drawing);
  const svg = await view.toSVG();
  finalize();
  return svg;
}

document.addEventListener("click", async (event) => {
  const { save: format, of, name } = event.target.closest("button")?.dataset ?? {};
  if (format === "table") save(`${name}.csv`, "text/csv", tables[of]);
  if (format === "csv") save(`${name}.csv`, "text/csv", chartCsv(of));
  if (format === "svg") save(`${name}.svg`, "image/svg+xml", await chartSvg(of));
});
