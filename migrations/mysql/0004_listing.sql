-- For listings: the posts of a client.
CREATE INDEX post_details_client ON post_details (assigned_client_id);
-- Nothing has used these since follow_up_at says when a post is looked at again.
DROP INDEX post_details_comments ON post_details;
DROP INDEX post_details_leftovers ON post_details;
