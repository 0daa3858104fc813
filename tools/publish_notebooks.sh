#!/usr/bin/env bash
# Push the notebooks of a built site to the branch that its Colab buttons open.
# They are the site's downloads, stamped with the repository and the commit that built it.
# Usage: publish_notebooks.sh SITE REPOSITORY
set -euo pipefail
site=$(realpath "$1")
repository=$2
branch=colab

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
git init --quiet --initial-branch="$branch"
mkdir book
cp "$site"/_sources/book/*.ipynb book/
git add book
git -c user.name="github-actions[bot]" -c user.email="41898282+github-actions[bot]@users.noreply.github.com" \
    commit --quiet --message "Notebooks of the published site"
git push --quiet --force "$repository" "$branch"
