// Draws every chart into its place. The interpreter (ast) does without eval, which the page's policy forbids.
const specifications = JSON.parse(document.getElementById("specifications").textContent);
for (const [id, specification] of Object.entries(specifications)) {
  vegaEmbed("#" + id, specification, { actions: false, renderer: "svg", ast: true, tooltip: { theme: "report" } });
}
