//! Leases over random schedules, over hours of many resources, and on a real installation.

mod hours;
mod installation;
mod schedules;
