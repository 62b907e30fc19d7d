// Draws every chart into its place. The interpreter (ast) does without eval, which the page's policy forbids.
const specifications = JSON.parse(document.getElementById("specifications").textContent);
const drawing = { actions: false, renderer: "svg", ast: true, tooltip: { theme: "report" } };
const charts = Object.fromEntries(
  Object.entries(specifications).map(([id, specification]) => [id, vegaEmbed("#" + id, specification, drawing)]),
);
