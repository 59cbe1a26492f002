/* net.js: the section of early exit with its cost: what is left unrun against what maps and
 * read-outs take. */

const times = (x) => `${x.toFixed(2)} times`;
const where = (at) => (at.length === 0 ? "no exit" : `exits after ${at.join(", ")}`);

/* What one exit after every layer costs, and the best of a few exits. */
function netSaid() {
    const m = bestMap() ?? "id", best = results.net[m].best;
    const every = saved[m].flops == null ? "" : `With the ${told[m]} and a read-out after each of ${L - 1} layers, early exit leaves ${saved[m].blocks.toFixed(1)} of `
        + `${count(L, "block")} unrun and costs ${times(saved[m].flops)} the multiply-adds of the full model. `;
    return every + (best.at.length === 0 ? `No choice of up to three exits saves bytes at a precision@1 of ${saved.target}.`
        : `With ${where(best.at)} it saves ${(100 * (1 - best.bytes)).toFixed(1)}% of the bytes and ${(100 * (1 - best.flops)).toFixed(1)}% of the multiply-adds, at a precision@1 of ${saved.target}.`);
}

function netSection() {
    const said = netSaid();
    const sets = (list, member) => [
        ...methods.map((m) => curve(rank(m), told[m], results.net[m][list].map((p) => ({ x: p[member], y: p.p1, point: p })).sort((a, b) => a.x - b.x), "dots")),
        { label: "the full model", data: [{ x: 1, y: 0 }, { x: 1, y: 1 }], tone: "--soft", borderDash: [], borderWidth: 1, pointRadius: 0, pointHoverRadius: 0, pointHitRadius: 0 },
    ];
    const members = [["p1", "precision@1"], ["flops", "multiply-adds"], ["bytes", "bytes"]];
    const rows = (list) => list.map((p) => [`${where(p.at)}, gap above ${p.gap.toFixed(2)}`, p.p1, p.flops, p.bytes]);
    const figure = lineChart(said, { "bytes, a few tokens at a time": sets("by_bytes", "bytes"), "multiply-adds, many at a time": sets("by_flops", "flops") },
        axis("work, in that of the full model", { beginAtZero: true, ticks: {} }), shareAxis("precision@1"),
        "Each point is a choice of up to three exits and of the gap between the two likeliest tokens above which a token leaves; no other choice has both less work and more precision. "
            + "Blocks, maps and read-outs are counted. Later tokens also need keys and values of blocks that were not run: filling them in is not counted here, and costs up to the products of queries, keys and values in each.",
        false, { title: () => "", label: ({ raw }) => (raw.point === undefined ? "" : ` ${where(raw.point.at)}: ${times(raw.x)} the work, precision@1 ${short(raw.y)}`) });
    section("What early exit costs", said, figure, methods.flatMap((m) => [
        table(`fewest bytes, ${told[m]}`, ["exits", ...members.map(([, words]) => words)], rows(results.net[m].by_bytes)),
        table(`fewest multiply-adds, ${told[m]}`, ["exits", ...members.map(([, words]) => words)], rows(results.net[m].by_flops))]), ["early exit", "precision@k"]);
}
