"""What the page of a reproduction is asked in the browser, as functions of JavaScript."""

__all__ = ["ARIAL", "CHART_WORDS", "FOCUSABLE", "LISTEN", "OUTSIDE", "SCROLLED", "TEXTS", "WIDTH", "WORDS"]

OUTSIDE = """() => [...document.querySelectorAll("main *")]
  .filter(one => !one.closest("svg, .panel[tabindex], thead") && one.getBoundingClientRect().right > innerWidth + 1)
  .map(one => one.outerHTML.slice(0, 90))"""
"""Elements that reach beyond the screen."""

SCROLLED = """() => [...document.querySelectorAll(".panel[tabindex]")]
  .filter(one => one.scrollWidth > one.clientWidth).length"""
"""How many charts are wider than their boxes."""

WORDS = """() => {
  const cut = [], upon = [];
  for (const svg of document.querySelectorAll(".panel svg")) {
    const edge = svg.getBoundingClientRect(), label = svg.getAttribute("aria-label");
    const shown = [...svg.querySelectorAll("text")]
      .filter(one => one.textContent.trim() && one.getAttribute("opacity") !== "0")
      .map(one => ({ box: one.getBoundingClientRect(), name: label + ": " + one.textContent }));
    shown.forEach(({ box, name }, place) => {
      if (box.left < edge.left - 1 || box.right > edge.right + 1) cut.push(name);
      if (box.top < edge.top - 1 || box.bottom > edge.bottom + 1) cut.push(name);
      for (const other of shown.slice(place + 1)) {
        const across = Math.min(box.right, other.box.right) - Math.max(box.left, other.box.left);
        const down = Math.min(box.bottom, other.box.bottom) - Math.max(box.top, other.box.top);
        if (across > 2 && down > 4) upon.push(name + " / " + other.name);
      }
    });
  }
  return [cut, upon];
}"""
"""Words of charts that are cut off, and those that lie upon others."""

ARIAL = 683.7
WIDTH = """() => {
  const pen = document.createElement("canvas").getContext("2d");
  pen.font = "100px Arial, Helvetica, 'Liberation Sans', sans-serif";
  return pen.measureText("Hamburgefonts").width;
}"""
"""How wide a word of charts is, and how wide it is in Arial, for which charts leave room."""

TEXTS = """() => {
  const found = new Set();
  for (const one of document.querySelectorAll("body *:not(svg, svg *, script, style)")) {
    if (![...one.childNodes].some(child => child.nodeType === 3 && child.textContent.trim())) continue;
    let behind = one, color = "";
    for (; behind; behind = behind.parentElement) {
      color = getComputedStyle(behind).backgroundColor;
      if (!color.endsWith(", 0)")) break;
    }
    found.add([one.className || one.tagName, getComputedStyle(one).color, color].join("|"));
  }
  return [...found];
}"""
"""Of each kind of text outside charts: what it is, its color, and the nearest one behind it."""

CHART_WORDS = """() => {
  const found = {};
  for (const svg of document.querySelectorAll(".panel svg")) {
    const shapes = [...svg.querySelectorAll(".mark-area path, .mark-rect path")].filter(one => one.hasAttribute("d"));
    for (const word of svg.querySelectorAll("text")) {
      const box = word.getBoundingClientRect();
      if (!box.width) continue;
      const middle = new DOMPoint(box.x + box.width / 2, box.y + box.height / 2);
      const behind = shapes
        .filter(one => one.isPointInFill(middle.matrixTransform(one.getScreenCTM().inverse())))
        .map(one => [getComputedStyle(one).fill, Number(one.getAttribute("opacity") || 1)]);
      const key = JSON.stringify([getComputedStyle(word).fill, behind]);
      found[key] = svg.getAttribute("aria-label") + ": " + word.textContent;
    }
  }
  return Object.entries(found).map(([key, name]) => [...JSON.parse(key), name]);
}"""
"""Of the words of charts: their color, what is drawn behind their middle with its opacity, and which they are."""

LISTEN = """() => {
  window.seen = [];
  document.addEventListener("focusin", event => {
    const look = getComputedStyle(event.target), outlined = look.outlineStyle !== "none";
    const seen = event.target.getBoundingClientRect().top >= 0;
    window.seen.push([event.target.outerHTML.slice(0, 120), outlined && parseFloat(look.outlineWidth) >= 2, seen]);
  });
}"""
"""From now on, ``seen`` has what got the focus, whether an outline said so, and whether it was on the screen."""

FOCUSABLE = """() => [...document.querySelectorAll("a, summary, [tabindex]")].filter(one => one.checkVisibility())
  .map(one => one.outerHTML.slice(0, 120))"""
"""What should get it."""
