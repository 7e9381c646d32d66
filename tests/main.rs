//! One test program: a module per topic.
