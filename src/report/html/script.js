// Filters, and buttons that open and close. Everything else works without scripts.
"use strict";
(() => {
  const get = (id) => document.getElementById(id);
  const form = get("filters");
  const articles = [...document.querySelectorAll("article")];
  if (!form || articles.length === 0) return;
  form.hidden = false;

  const words = (text) => text.split(" ").filter(Boolean);
  // Each result as { backend, verdict, hazards }.
  const entries = articles.map((article) => ({
    article,
    theme: article.dataset.theme,
    text: null,
    results: words(article.dataset.verdicts).map((word) => {
      const [backend, verdict] = word.split(":");
      const hazards = words(article.dataset.hazards)
        .filter((hazard) => hazard.startsWith(backend + ":"))
        .map((hazard) => hazard.slice(backend.length + 1));
      return { backend, verdict, hazards };
    }),
  }));

  // Collected at the first search, since the text is long.
  const textOf = (entry) => {
    entry.text ??= (entry.theme + " " + entry.article.textContent).toLowerCase();
    return entry.text;
  };

  const apply = () => {
    const theme = get("theme").value;
    const backend = get("backend").value;
    const hazard = get("hazard").value;
    const verdicts = [...form.querySelectorAll("[name=verdict]:checked")].map((box) => box.value);
    const sought = words(get("search").value.toLowerCase());
    const has = (result) =>
      hazard === "" ||
      (hazard === "some" && result.hazards.length > 0) ||
      (hazard === "none" && result.hazards.length === 0) ||
      result.hazards.includes(hazard);
    let shown = 0;
    for (const entry of entries) {
      const fits =
        (theme === "" || entry.theme === theme) &&
        entry.results.some(
          (result) =>
            (backend === "" || result.backend === backend) &&
            verdicts.includes(result.verdict) &&
            has(result),
        ) &&
        sought.every((word) => textOf(entry).includes(word));
      entry.article.hidden = !fits;
      if (fits) shown += 1;
    }
    for (const section of document.querySelectorAll(".theme")) {
      section.hidden = !section.querySelector("article:not([hidden])");
    }
    get("shown").value = `${shown} of ${entries.length} scenarios`;
    get("nothing").hidden = shown > 0;
  };

  let later;
  form.addEventListener("input", () => {
    clearTimeout(later);
    later = setTimeout(apply, 80);
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("change", apply);

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if ("reset" in button.dataset) {
      form.reset();
      apply();
      get("search").focus();
    } else if ("open" in button.dataset) {
      const open = button.dataset.open === "true";
      for (const { article } of entries) {
        if (open && article.hidden) continue;
        article.querySelector("details").open = open;
      }
    }
  });

  // An address with #theme-scenario opens that scenario.
  const go = () => {
    const article = get(decodeURIComponent(location.hash.slice(1)));
    const details = article?.matches("article") && article.querySelector("details");
    if (!details) return;
    details.open = true;
    article.scrollIntoView();
  };
  addEventListener("hashchange", go);
  go();
  // A browser may keep the chosen filters when it loads the page again.
  apply();
})();
