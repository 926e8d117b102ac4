// Takes light or dark and the colours from the Airflow page around this one, and lets links lead out of the frame.
(() => {
  const root = document.documentElement;
  const framed = parent !== window;
  const colours = {
    "--bg": "bg", "--bg-subtle": "bg-subtle", "--bg-muted": "bg-muted", "--fg": "fg", "--fg-muted": "fg-muted",
    "--border": "border",
  };

  function follow() {
    if (framed) {
      const host = parent.document.documentElement;
      root.dataset.theme = host.classList.contains("dark") ? "dark" : "light";
      const style = parent.getComputedStyle(host);
      for (const [mine, theirs] of Object.entries(colours)) {
        const value = style.getPropertyValue(`--chakra-colors-${theirs}`).trim();
        if (value) root.style.setProperty(mine, value);
        else root.style.removeProperty(mine);
      }
      const font = style.getPropertyValue("--chakra-fonts-body").trim();
      if (font) root.style.setProperty("--font", font);
    } else {
      const chosen = localStorage.getItem("theme") ?? "system";
      const dark = chosen === "dark" || (chosen === "system" && matchMedia("(prefers-color-scheme: dark)").matches);
      root.dataset.theme = dark ? "dark" : "light";
    }
  }

  follow();
  if (framed) {
    new MutationObserver(follow).observe(parent.document.documentElement, {
      attributes: true, attributeFilter: ["class", "style"],
    });
  }

  // The frame's sandbox forbids leaving it; the page around it may navigate itself.
  addEventListener("click", (event) => {
    const link = event.target.closest?.("a[data-airflow]");
    if (!link || !framed || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    parent.history.pushState(null, "", link.href);
    parent.dispatchEvent(new PopStateEvent("popstate"));
  });
})();
