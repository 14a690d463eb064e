//! I1: no secret type can be printed, cloned, compared with `==` or serialised. Each file of
//! `compile_fail` asks one of these of every secret type; beside it stands what the compiler answers.

#[test]
#[cfg_attr(
    feature = "aws-lc-rs",
    ignore = "builds the dependencies again, which takes minutes with AWS-LC; the secret types are \
              the same in a build without it"
)]
fn i01_secrets_cannot_be_printed_cloned_compared_or_serialised() {
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
}
