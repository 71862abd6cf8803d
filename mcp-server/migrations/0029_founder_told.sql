-- What the channel hears when it becomes the enclave of somebody whom an operator lets make it: by which operator, and why.
ALTER TABLE founder ADD COLUMN told TEXT NOT NULL DEFAULT '';
