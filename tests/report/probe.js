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

    const colours = (canvas) => {
        const pixels = new Uint32Array(canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.buffer);
        return new Set(pixels).size;
    };
    facts.charts = all("canvas").filter((canvas) => colours(canvas) > 20).length;

    const cell = document.querySelector(".heat .known");
    const method = cell.closest(".map").querySelector("h3").textContent;
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

    const text = Object.entries(facts).map(([name, value]) => `${name}: ${value}`).join("\n");
    const pre = document.createElement("pre");
    pre.textContent = `\n${text}\n`;
    document.body.append(pre);
    parent.postMessage(text, "*");
});
