"""LTI 1.3 Advantage: learning platforms, such as Moodle or Canvas, open classes from a course.

We implement the tool's part of 1EdTech LTI Core 1.3, the Security Framework 1.0, Deep Linking 2.0, Names and
Role Provisioning Services 2.0, Assignment and Grade Services 2.0, and Dynamic Registration 1.0.
"""
