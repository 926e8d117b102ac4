// The tile on Airflow's home. Airflow imports this file and shows the function that it leaves in a global variable.
// It runs in Airflow's own page, so it takes nothing but React from there, and an error becomes a line of text.
const pages = new URL("../", import.meta.url);
const react = globalThis.React;
const colour = (name) => `var(--chakra-colors-${name})`;

// A page is shown in its frame within Airflow. Where Airflow's router does not hear of it, the link is an ordinary one.
const framed = (page) => new URL(`../plugin/calls${new URL(page, pages).pathname}${new URL(page, pages).search}`, pages).href;

function follow(event) {
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  history.pushState(null, "", event.currentTarget.href);
  dispatchEvent(new PopStateEvent("popstate"));
}

async function fetchContent() {
  const answer = await fetch(new URL("tile.json", pages), { headers: { Accept: "application/json" } });
  if (answer.status === 401 || answer.status === 403) throw new Error("you may not see the calls");
  const content = await answer.json().catch(() => ({ error: `the server answered ${answer.status}` }));
  if (content.error || !content.figures) throw new Error(content.error ?? "the answer has no figures");
  return content;
}

function figure({ name, value, note, page }) {
  const h = react.createElement;
  return h("li", { key: name, style: { minWidth: "7rem" } },
    h("a", { href: framed(page), onClick: follow, style: { display: "block", color: colour("fg"), textDecoration: "none" } },
      h("span", { style: { display: "block", fontSize: "1.5rem", fontWeight: 600, fontVariantNumeric: "tabular-nums" } }, value),
      h("span", { style: { textDecoration: "underline", textUnderlineOffset: "3px", fontSize: "0.875rem" } }, name),
      note && h("span", { style: { display: "block", color: colour("fg-muted"), fontSize: "0.75rem" } }, note)));
}

function Tile() {
  const h = react.createElement;
  const [content, setContent] = react.useState(null);
  const [error, setError] = react.useState(null);
  react.useEffect(() => {
    let shown = true;
    fetchContent().then((found) => shown && setContent(found), (problem) => shown && setError(problem));
    return () => { shown = false; };
  }, []);
  const box = { border: `1px solid ${colour("border")}`, borderRadius: "0.5rem", padding: "1rem", marginTop: "0.5rem" };
  const row = { display: "flex", flexWrap: "wrap", gap: "1rem 2rem", listStyle: "none", margin: "0.5rem 0 0", padding: 0 };
  return h("section", { "aria-label": "Call Sentiment", "data-call-sentiment": "tile", style: box },
    h("h2", { style: { fontWeight: 600, color: colour("fg") } },
      "Call Sentiment", content && h("span", { style: { fontWeight: 400, color: colour("fg-muted") } }, ` · ${content.heading}`)),
    error && h("p", { role: "status", style: { color: colour("fg-muted") } }, `The calls cannot be shown: ${error.message}`),
    !error && !content && h("p", { style: { color: colour("fg-muted") } }, "Loading"),
    content && h("ul", { style: row }, content.figures.map(figure)));
}

globalThis["Call Sentiment tile"] = react ? Tile : () => null;
