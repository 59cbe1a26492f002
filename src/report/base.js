/* base.js: the results, words, elements and tables. charts.js, heat.js, sections.js,
 * further.js and closing.js follow in the same script. The program has checked the
 * shape of the results. */
const results = read("results");
const { model, data, saved } = results;
const L = model.layers;
const methods = [...Object.keys(results.r2).filter((name) => name !== "id"), "id"];
const fitted = methods.slice(0, -1);
const halfway = Math.floor(L / 2);

/* ---- words ---- */

function list(words) {
    return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}

function mean(numbers) {
    return numbers.reduce((sum, x) => sum + x, 0) / numbers.length;
}

/* For sentences; tables show four decimals. */
function short(x) {
    if (x == null) {
        return "unknown";
    }
    return Math.abs(x) < 1000 ? x.toFixed(3) : x.toExponential(2);
}

function percent(x) {
    return x == null ? "unknown" : `${(100 * x).toFixed(1)}%`;
}

/* A number and its interval, where there is one. */
function within(x, ci) {
    return ci ? `${short(x)} (${short(ci[0])} to ${short(ci[1])})` : short(x);
}

/* ---- names: what a method is called on this page ---- */

function plainName(name) {
    const fit = results.fits?.[name], base = PLAIN[fit?.method ?? name];
    const rank = fit?.rank > 0 ? ` of rank ${fit.rank}` : "";
    return base === undefined ? name : `${base}${rank}${fit?.bias ? `${base.includes("with ") ? " and" : " with"} intercept` : ""}`;
}

/* With its name in the results where two would be called the same. */
const told = Object.assign(Object.create(null), Object.fromEntries(methods.map((m) =>
    [m, methods.some((other) => other !== m && plainName(other) === plainName(m)) ? `${plainName(m)} (${m})` : plainName(m)])));

/* "0.487 with the fitted map and 0.337 with the logit lens": of several fitted methods the
 * first that is within 1% of the best. say(m) is undefined where nothing is known; better(m):
 * larger is better. */
function compare(say, better) {
    const known = methods.filter((m) => say(m) !== undefined), maps = known.filter((m) => m !== "id");
    const top = Math.max(...maps.map(better));
    const best = maps.find((m) => better(m) >= top - 0.01 * Math.abs(top));
    return list([...(best === undefined ? [] : [best]), ...known.filter((m) => m === "id")].map((m) => `${say(m)} with the ${told[m]}`)) || "unknown";
}

/* ---- elements ---- */

/* A number to read, with the exact one behind it. */
function exact(x) {
    return element("data", { value: x }, Math.abs(x) < 1000 ? x.toFixed(4) : x.toExponential(4));
}

/* rows: [heading, ...cells]; a cell is a number or null (blank). */
function table(title, head, rows) {
    const cell = (x) => element("td", {}, x == null ? "" : exact(x));
    const made = element("table", {},
        element("caption", {}, title),
        element("thead", {}, element("tr", {}, ...head.map((text) => element("th", { scope: "col" }, text)))),
        element("tbody", {}, ...rows.map(([heading, ...cells]) =>
            element("tr", {}, element("th", { scope: "row" }, heading), ...cells.map(cell)))));
    return element("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": title }, made);
}

const slug = (title) => title.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "");

/* Links to the definitions at the end of the page. */
function links(terms) {
    return terms.length === 0 ? [] : [" See ", ...terms.flatMap((term, i) => [i === 0 ? "" : i === terms.length - 1 ? " and " : ", ",
        element("a", { href: `#${slug(term)}` }, term)]), "."];
}

/* A figure has csv() and png(), from which it can be saved. */
function section(title, finding, figure, tables, terms = []) {
    const id = `s-${slug(title)}`, caption = figure.querySelector?.("figcaption");
    caption?.append(...links(terms));
    if (figure.tagName === "FIGURE") {
        figure.append(downloads(figure, title));
    }
    document.querySelector("main").append(element("section", { id },
        element("h2", {}, title),
        element("p", { class: "finding" }, finding),
        figure,
        ...(tables.length > 0 ? [element("details", {}, element("summary", {}, "The numbers"), ...tables)] : [])));
}
