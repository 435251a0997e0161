"""Servers, builders and strategies that tests share."""
