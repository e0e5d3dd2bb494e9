# A change for `gitops-auditor plan script`: every repository gets the same .editorconfig.
# It runs in a checkout of each; what is different afterwards is the change.
cat > .editorconfig <<'END'
root = true

[*]
charset = utf-8
end_of_line = lf
insert_final_newline = true
trim_trailing_whitespace = true
END
