/**
 * The metrics registry, typed by the table of definitions. Values that are read rather than
 * counted are collected when somebody asks.
 */
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from "prom-client";
import { type MetricDefinition, type MetricName, metricDefinitions, metricPrefix } from "./metric-definitions.ts";

type Labels = Readonly<Record<string, string>>;

export class Metrics {
  readonly #registry = new Registry();
  readonly #metrics = new Map<MetricName, Counter | Gauge | Histogram>();

  constructor() {
    collectDefaultMetrics({ register: this.#registry });
    for (const [name, definition] of Object.entries(metricDefinitions) as [MetricName, MetricDefinition][]) {
      const options = {
        name: metricPrefix + name,
        help: definition.help,
        labelNames: [...definition.labels],
        registers: [this.#registry],
      };
      if (definition.kind === "counter") this.#metrics.set(name, new Counter(options));
      else if (definition.kind === "gauge") this.#metrics.set(name, new Gauge(options));
      else this.#metrics.set(name, new Histogram({ ...options, buckets: [...(definition.buckets ?? [])] }));
    }
  }

  count(name: MetricName, labels: Labels = {}, by = 1): void {
    const metric = this.#metrics.get(name);
    if (metric instanceof Counter) metric.inc(labels, by);
  }

  /** Sets a counter that is kept elsewhere to what it stands at there, per value of its one label. */
  restate(name: MetricName, label: string, values: readonly (readonly [string, number])[]): void {
    const metric = this.#metrics.get(name);
    if (!(metric instanceof Counter)) return;
    metric.reset();
    for (const [value, count] of values) metric.inc({ [label]: value }, count);
  }

  set(name: MetricName, value: number, labels: Labels = {}): void {
    const metric = this.#metrics.get(name);
    if (metric instanceof Gauge) metric.set(labels, value);
  }

  /** Forgets the label values of a gauge before it is set afresh. */
  clear(name: MetricName): void {
    this.#metrics.get(name)?.reset();
  }

  observe(name: MetricName, value: number, labels: Labels = {}): void {
    const metric = this.#metrics.get(name);
    if (metric instanceof Histogram) metric.observe(labels, value);
  }

  /** Prometheus text format. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }
}
