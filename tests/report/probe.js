/* probe.js: put at the end of a copy of the page; says in words what a browser made of it,
 * one fact a line, and tells them to the window around it, if there is one. */
window.addEventListener("load", () => {
    const all = (selector) => [...document.querySelectorAll(selector)];
    const results = JSON.parse(document.getElementById("results").textContent);
    all("details").forEach((details) => { details.open = true; });
    const facts = {
        ready: document.body.dataset.ready ?? "no",
        error: all(".error").map((e) => e.textContent).join(" ") || "none",
        width: innerWidth,
        overflow: document.documentElement.scrollWidth > innerWidth ? "yes" : "no",
        tables: all("table").filter((table) => table.offsetHeight > 0).length,
        fetched: performance.getEntriesByType("resource").filter((e) => !e.name.startsWith("data:")).length,
        title: document.title,
        headline: document.querySelector(".headline").textContent,
        findings: all(".finding").map((e) => e.textContent).join(" |"),
        unsaid: document.querySelector("main").innerText.match(/.{0,20}(NaN|undefined|null|Infinity|\[object).{0,20}/)?.[0] ?? "nothing",
        cells: all(".heat .known").length,
        scripts: all("script").length,
        bold: all("b").length, /* markup that came out of a string of the results */
    };

    const sections = all("main > section"), links = all("nav a");
    facts.contents = links.length === sections.length && links.every((a, i) => document.getElementById(a.hash.slice(1)) === sections[i])
        ? "every section" : "fails";
    facts.definitions = all("figcaption a").length > 0 && all("figcaption a").every((a) => document.getElementById(a.hash.slice(1))?.tagName === "DT") ? "found" : "fails";
    facts.advice = all(".advice strong").map((e) => e.textContent).join(" ") || "none";
    facts.dashes = charts.every((chart) => chart.data.datasets.every((set) => set.isBand || set.showLine === false || (set.borderDash.length > 0) === /^logit lens/.test(set.label)))
        ? "the logit lens" : "fails";
    facts.axes = charts.every((chart) => Object.values(chart.options.scales).every((scale) => scale.title.text.length > 0)) ? "labelled" : "fails";
    facts.hidden = charts.flatMap((chart) => chart.data.datasets).filter((set) => set.note).map((set) => `${set.label} ${set.note}`)[0] ?? "none";
    facts.about = [...document.querySelectorAll("#s-about dd")].map((e) => e.textContent).join(" | ");

    /* What the buttons save, by what would be made of it. */
    const files = [], create = URL.createObjectURL;
    URL.createObjectURL = (blob) => {
        files.push(blob);
        return create(blob);
    };
    HTMLAnchorElement.prototype.click = () => {};
    const csv = all("figure").filter((figure) => figure.querySelector(".downloads")).map((figure) => [figure.csv(), figure.querySelector(".downloads button").click()][0]);
    facts.csv = files.length === csv.length && files.every((blob, i) => blob.type === "text/csv" && blob.size === new Blob([csvText(csv[i])]).size
        && csv[i].length > 2 && csv[i].every((row) => row.length === csv[i][0].length)) ? "each figure" : "fails";
    facts.quoted = csvText([["a,b", 'say "x"', "two\nlines", null, 0.5]]) === '"a,b","say ""x""","two\nlines",,0.5\n' ? "right" : "wrong";

    const colours = (canvas) => {
        const pixels = new Uint32Array(canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.buffer);
        return new Set(pixels).size;
    };
    facts.png = all("figure").filter((figure) => figure.png).every((figure) => colours(figure.png()) > 20) ? "each figure" : "fails";
    facts.charts = all("canvas").filter((canvas) => colours(canvas) > 20).length;

    const cell = document.querySelector(".heat .known");
    const method = methods[0];
    cell.focus();
    cell.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true }));
    facts.arrow = cell.closest(".map").querySelector(".tip").textContent
        === `from layer 0 to layer 1: R² ${results.r2[method][0][1].toFixed(3)}` ? "shows the next value" : "fails";

    const tips = all("canvas").flatMap((canvas) => { /* as if pointed at in the middle */
        const chart = Chart.getChart(canvas);
        const at = { x: canvas.clientWidth / 2, y: canvas.clientHeight / 2, native: true };
        const { mode, ...options } = chart.options.interaction;
        chart.tooltip.setActiveElements(
            Chart.Interaction.modes[mode](chart, at, { axis: "x", ...options }, true).map(({ datasetIndex, index }) => ({ datasetIndex, index })), at);
        return (chart.tooltip.body ?? []).flatMap((part) => part.lines);
    });
    facts.tooltips = tips.join(" |");

    const button = document.querySelector(".legend button");
    const chart = Chart.getChart(document.querySelector("canvas"));
    button.click();
    facts.legend = chart.isDatasetVisible(0) ? "fails" : "hides";
    button.click();
    facts.legend += chart.isDatasetVisible(0) ? " and shows" : " only";

    const sizes = () => charts.map((chart) => `${chart.width} x ${chart.height}`).join();
    const before = sizes();
    dispatchEvent(new Event("beforeprint"));
    facts.paper = charts.every((chart) => chart.height === 250) ? "two a page" : sizes();
    dispatchEvent(new Event("afterprint"));
    facts.paper += sizes() === before ? ", then as before" : `, then ${sizes()} for ${before}`;

    facts.words = all(".legend button, .legend small").every((part) => getComputedStyle(part).opacity === "1") ? "not faint" : "faint";

    const text = Object.entries(facts).map(([name, value]) => `${name}: ${value}`).join("\n");
    const pre = document.createElement("pre");
    pre.textContent = `\n${text}\n`;
    document.body.append(pre);
    parent.postMessage(text, "*");
});
