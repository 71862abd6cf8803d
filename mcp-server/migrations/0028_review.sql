-- Whether only what others have reviewed comes to run in an enclave: `none` asks for no review, `required` for one at the place
-- where the state repo is kept.
ALTER TABLE enclave ADD COLUMN review TEXT NOT NULL DEFAULT 'none';
