// Light or dark: as the system has it, unless the reader says otherwise, which is remembered where that is allowed.
// Charts take their inks from the page's style, and so follow.
const THEME = "headstart-theme";

function rememberedTheme() {
  try {
    return localStorage.getItem(THEME) ?? "auto";
  } catch {
    return "auto";
  }
}

function showTheme(theme) {
  document.documentElement.dataset.theme = theme;
  try {
    localStorage.setItem(THEME, theme);
  } catch {
    // It is forgotten with the page.
  }
}

const themes = document.getElementById("theme");
const chosen = themes.querySelector(`input[value="${CSS.escape(rememberedTheme())}"]`) ?? themes.querySelector("input");
chosen.checked = true;
document.documentElement.dataset.theme = chosen.value;
themes.addEventListener("change", (event) => showTheme(event.target.value));
themes.hidden = false;
