// The Node.js scheduler that this program replaces, on MariaDB: its tables, its indexes and
// its statements, with the fetch statement's clauses in the order that a server accepts.
// PEER_CONCURRENCY is how many loops run in the process, each with a connection.
import mysql from "mysql2/promise";
import { concurrency, jobs, publish, report } from "./call.mjs";

const socket = new URL(process.env.PEER_URL).searchParams.get("socket");
const { username: user, password, hostname: host, port, pathname } = new URL(process.env.PEER_URL);
const options = { user, password, database: pathname.slice(1), timezone: "Z" };
Object.assign(options, socket ? { socketPath: socket } : { host, port: Number(port || 3306) });
const connect = () => mysql.createConnection(options);

const setup = await connect();
for (const sql of [
  `CREATE TABLE old_accounts (
     id CHAR(36) PRIMARY KEY, company_id CHAR(36) NOT NULL, platform VARCHAR(16) NOT NULL,
     account_name VARCHAR(255) NOT NULL)`,
  `CREATE TABLE old_details (
     id CHAR(36) PRIMARY KEY, company_id CHAR(36) NOT NULL, social_account_id CHAR(36) NOT NULL,
     platform ENUM('facebook', 'instagram', 'linkedin') NOT NULL,
     post_type ENUM('post', 'reel', 'story', 'video', 'carousel') NOT NULL,
     caption TEXT, media JSON,
     status ENUM('pending', 'processing', 'published', 'failed', 'cancelled') NOT NULL DEFAULT 'pending',
     external_post_id VARCHAR(255), error_message TEXT, attempts INT NOT NULL DEFAULT 0)`,
  `CREATE TABLE old_schedule (
     id CHAR(36) PRIMARY KEY, post_detail_id CHAR(36) NOT NULL UNIQUE, run_at DATETIME NOT NULL,
     status ENUM('pending', 'processing', 'done', 'failed') NOT NULL DEFAULT 'pending',
     locked_at DATETIME, worker_id VARCHAR(255), attempts INT NOT NULL DEFAULT 0,
     INDEX (status, run_at), INDEX (status, locked_at))`,
  "INSERT INTO old_accounts VALUES ('00000001-acc0-7000-8000-000000000001', UUID(), 'linkedin', 'Account')",
  `INSERT INTO old_details (id, company_id, social_account_id, platform, post_type, caption)
   SELECT CONCAT(LPAD(HEX(seq), 8, '0'), '-0000-7000-8000-', LPAD(HEX(seq), 12, '0')), UUID(),
          '00000001-acc0-7000-8000-000000000001', 'linkedin', 'post', CONCAT('Post ', seq)
     FROM seq_1_to_${jobs}`,
  `INSERT INTO old_schedule (id, post_detail_id, run_at)
   SELECT CONCAT(LPAD(HEX(seq), 8, '0'), '-0001-7000-8000-', LPAD(HEX(seq), 12, '0')),
          CONCAT(LPAD(HEX(seq), 8, '0'), '-0000-7000-8000-', LPAD(HEX(seq), 12, '0')),
          NOW() - INTERVAL 1 HOUR + INTERVAL seq * 3500 DIV ${jobs} SECOND
     FROM seq_1_to_${jobs}`,
  "ANALYZE TABLE old_details, old_schedule",
]) {
  await setup.query(sql);
}

async function transaction(connection, work) {
  for (;;) {
    try {
      await connection.beginTransaction();
      const value = await work();
      await connection.commit();
      return value;
    } catch (error) {
      await connection.rollback();
      // Several loops lock each other out now and then; the engine asks to repeat.
      if (error.code !== "ER_LOCK_DEADLOCK") throw error;
    }
  }
}

async function loop() {
  const connection = await connect();
  await connection.execute(
    `UPDATE old_schedule SET status = 'pending', locked_at = NULL, worker_id = NULL
      WHERE status = 'processing' AND locked_at < NOW() - INTERVAL 10 MINUTE`,
  );
  for (;;) {
    const claimed = await transaction(connection, async () => {
      const [rows] = await connection.execute(
        `SELECT * FROM old_schedule WHERE status = 'pending' AND run_at <= NOW()
          ORDER BY run_at ASC LIMIT 5 FOR UPDATE SKIP LOCKED`,
      );
      if (rows.length > 0) {
        const marks = rows.map(() => "?").join(", ");
        await connection.execute(
          `UPDATE old_schedule SET status = 'processing', locked_at = NOW(), worker_id = 'server-1'
            WHERE id IN (${marks})`,
          rows.map((row) => row.id),
        );
      }
      return rows;
    });
    if (claimed.length === 0) break;
    for (const job of claimed) {
      const [[post]] = await connection.execute(
        `SELECT d.*, a.account_name FROM old_details d
           JOIN old_accounts a ON a.id = d.social_account_id WHERE d.id = ?`,
        [job.post_detail_id],
      );
      const externalId = await publish(Number(post.caption.slice("Post ".length)));
      await transaction(connection, async () => {
        await connection.execute(
          "UPDATE old_details SET status = 'published', external_post_id = ? WHERE id = ?",
          [externalId, post.id],
        );
        await connection.execute("UPDATE old_schedule SET status = 'done' WHERE id = ?", [job.id]);
      });
    }
  }
  await connection.end();
}

const began = performance.now();
await Promise.all(Array.from({ length: concurrency }, loop));
report(began);
const [[{ done }]] = await setup.query("SELECT COUNT(*) AS done FROM old_schedule WHERE status = 'done'");
await setup.end();
if (Number(done) !== jobs) throw new Error(`${done} of ${jobs} are done`);
process.exit(0);
