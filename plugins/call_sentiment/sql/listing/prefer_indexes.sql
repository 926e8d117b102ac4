-- Have the planner rate reads through an index as a disk without moving parts does them, until the end of the
-- transaction. By default it walks along the order of times, and may never meet what a filter asks for. Changes no row.
SELECT set_config('random_page_cost', '1.1', true) AS cost
