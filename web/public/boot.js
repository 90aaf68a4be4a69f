// Runs before the first paint so that neither the direction nor the colours flash. A file of its own: the page allows no inline script.
(function () {
  var root = document.documentElement;
  var language = localStorage.getItem("hudhud.language") || (navigator.language || "en").slice(0, 2);
  if (["en", "et", "fa", "ar"].indexOf(language) < 0) language = "en";
  root.lang = language;
  root.dir = language === "fa" || language === "ar" ? "rtl" : "ltr";
  var scheme = localStorage.getItem("mantine-color-scheme-value") || "light";
  if (scheme === "auto") scheme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  root.setAttribute("data-mantine-color-scheme", scheme);
})();
