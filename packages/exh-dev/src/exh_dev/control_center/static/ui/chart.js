// A small chart: what happened in each minute, and what of it failed.

import { html } from "../lib.js";

/** Bars of `{ label, count, failed }`, the oldest first. */
export function Bars({ of, label }) {
  const most = Math.max(1, ...of.map((each) => each.count));
  const width = 100 / of.length;
  return html`<svg class="chart" viewBox="0 0 100 40" preserveAspectRatio="none" role="img" aria-label=${label}>
    ${of.map((each, index) => {
      const height = (each.count / most) * 40;
      const bad = (each.failed / most) * 40;
      return html`<g key=${each.label}><title>${each.label}: ${each.count}, of which ${each.failed} failed</title>
        <rect x=${index * width} y="0" width=${width} height="40" fill="transparent" style=${{ fill: "transparent" }} />
        <rect x=${index * width + width * 0.12} y=${40 - height} width=${width * 0.76} height=${height} />
        <rect class="bad" x=${index * width + width * 0.12} y=${40 - bad} width=${width * 0.76} height=${bad} /></g>`;
    })}
    <path d="M0 40H100" stroke="var(--line)" vector-effect="non-scaling-stroke" /></svg>`;
}
