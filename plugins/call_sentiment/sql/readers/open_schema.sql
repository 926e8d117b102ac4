-- The statement that lets a role see the schema, which marks it as a reader of this database. Reads only.
SELECT format('GRANT USAGE ON SCHEMA call_sentiment TO %%I', %(role)s) AS statement
