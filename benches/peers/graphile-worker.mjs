// graphile-worker on PostgreSQL, with the settings of its own page on performance.
import { run, runMigrations } from "graphile-worker";
import pg from "pg";
import { concurrency, jobs, publish, report } from "./call.mjs";

const connectionString = process.env.PEER_URL;
const preset = {
  worker: {
    connectionString,
    concurrentJobs: concurrency,
    maxPoolSize: concurrency + 1,
    localQueue: { size: 500 },
    completeJobBatchDelay: 0,
    failJobBatchDelay: 0,
  },
};
const silent = { error: console.error, warn() {}, info() {}, debug() {} };
const { Logger } = await import("graphile-worker");
const logger = new Logger(() => (level, message) => silent[level]?.(message));

await runMigrations({ preset, logger });
const client = new pg.Client({ connectionString });
await client.connect();
await client.query(
  "SELECT count(graphile_worker.add_job('publish', json_build_object('n', n))) FROM generate_series(1, $1::int) n",
  [jobs],
);
await client.query("ANALYZE");

let done = 0;
let all;
const finished = new Promise((resolve) => (all = resolve));
const taskList = {
  async publish({ n }) {
    await publish(n);
    if (++done === jobs) all();
  },
};
const began = performance.now();
const runner = await run({ preset, taskList, logger, noHandleSignals: true });
await finished;
// What is done is recorded in the database before this returns.
await runner.stop();
report(began);
const left = await client.query("SELECT count(*)::int AS n FROM graphile_worker.jobs");
await client.end();
if (left.rows[0].n > 0) throw new Error(`${left.rows[0].n} jobs are left`);
process.exit(0);
