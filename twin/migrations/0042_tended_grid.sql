-- Which grids have a worker: never who it is, for accounts are the administrators' alone. A view reads as its owner.
CREATE VIEW tended_grid WITH (security_barrier) AS
SELECT DISTINCT unnest(grids) AS grid_id FROM user_account WHERE role = 'grid_worker' AND NOT disabled;
COMMENT ON VIEW tended_grid IS 'grids that are in the account of a grid worker who may sign in; open to the staff by grant_roles, not to the public';
