-- For listings: the posts of a client.
CREATE INDEX post_details_client ON post_details (assigned_client_id) WHERE assigned_client_id IS NOT NULL;
-- Nothing has used these since follow_up_at says when a post is looked at again.
DROP INDEX post_details_comments;
DROP INDEX post_details_leftovers;
