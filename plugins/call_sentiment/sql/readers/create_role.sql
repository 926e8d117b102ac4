-- The statement that creates a role which cannot log in; none if it exists. Reads only.
SELECT format('CREATE ROLE %%I NOLOGIN', %(role)s) AS statement
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = %(role)s)
