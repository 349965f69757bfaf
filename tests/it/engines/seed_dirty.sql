-- What years of the Node.js scheduler and of hands leave behind, and what
-- `migrate` adopts nevertheless. Written as MariaDB lets an old program write:
-- without strict mode, and with foreign keys off.
SET SESSION sql_mode = '', foreign_key_checks = 0;

ALTER TABLE post_schedule MODIFY locked_at DATETIME(6) DEFAULT NULL;

INSERT INTO post_details
  (id, company_id, social_account_id, platform, caption, media, status, created_at, updated_at)
VALUES
  ('d0000000-0000-4000-8000-000000000011', '11111111-1111-4111-8111-111111111111',
   'a0000000-0000-4000-8000-000000000001', 'instagram', 'No status', '[]', 'queued', NOW(), NOW()),
  ('d0000000-0000-4000-8000-000000000012', '11111111-1111-4111-8111-111111111111',
   'a0000000-0000-4000-8000-000000000001', 'instagram', 'No job', '[]', 'pending', NOW(), NOW()),
  ('d0000000-0000-4000-8000-000000000013', '11111111-1111-4111-8111-111111111111',
   'a0000000-0000-4000-8000-00000000dead', 'instagram', 'No account', '[]', 'pending', NOW(), NOW()),
  ('d0000000-0000-4000-8000-000000000014', '11111111-1111-4111-8111-111111111111',
   'a0000000-0000-4000-8000-000000000001', 'instagram', 'No time', '[]', 'pending', NOW(), NOW()),
  ('d0000000-0000-4000-8000-000000000015', '11111111-1111-4111-8111-111111111111',
   'a0000000-0000-4000-8000-000000000001', 'instagram', 'Left behind',
   '[{"url":"https://cdn.example/e.jpg","type":"image"}]', 'pending', NOW(), NOW()),
  ('d0000000-0000-4000-8000-000000000016', '11111111-1111-4111-8111-111111111111',
   'a0000000-0000-4000-8000-000000000001', 'instagram', 'Being sent',
   '[{"url":"https://cdn.example/f.jpg","type":"image"}]', 'pending', NOW(), NOW()),
  ('d0000000-0000-4000-8000-000000000017', '11111111-1111-4111-8111-111111111111',
   'a0000000-0000-4000-8000-000000000001', 'instagram', 'Cancelled by halves', '[]', 'cancelled', NOW(), NOW());

INSERT INTO post_schedule
  (id, post_detail_id, run_at, status, locked_at, worker_id, attempts, created_at, updated_at)
VALUES
  ('e0000000-0000-4000-8000-000000000011', 'd0000000-0000-4000-8000-000000000011',
   UTC_TIMESTAMP() - INTERVAL 1 HOUR, 'waiting', NULL, NULL, 0, NOW(), NOW()),
  ('e0000000-0000-4000-8000-000000000013', 'd0000000-0000-4000-8000-000000000013',
   UTC_TIMESTAMP() - INTERVAL 1 HOUR, 'pending', NULL, NULL, 0, NOW(), NOW()),
  ('e0000000-0000-4000-8000-000000000014', 'd0000000-0000-4000-8000-000000000014',
   '2026-02-31 10:00', 'pending', NULL, NULL, 0, NOW(), NOW()),
  ('e0000000-0000-4000-8000-000000000015', 'd0000000-0000-4000-8000-000000000015',
   UTC_TIMESTAMP() - INTERVAL 1 HOUR, 'processing', UTC_TIMESTAMP(6) - INTERVAL 11 MINUTE, 'server-1', 0, NOW(), NOW()),
  ('e0000000-0000-4000-8000-000000000016', 'd0000000-0000-4000-8000-000000000016',
   UTC_TIMESTAMP() - INTERVAL 1 MINUTE, 'processing', UTC_TIMESTAMP(6), 'server-1', 0, NOW(), NOW()),
  ('e0000000-0000-4000-8000-000000000017', 'd0000000-0000-4000-8000-000000000017',
   UTC_TIMESTAMP() - INTERVAL 1 HOUR, 'pending', NULL, NULL, 0, NOW(), NOW()),
  ('e0000000-0000-4000-8000-000000000018', 'd0000000-0000-4000-8000-00000000dead',
   UTC_TIMESTAMP() - INTERVAL 1 HOUR, 'pending', NULL, NULL, 0, NOW(), NOW());
