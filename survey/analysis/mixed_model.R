# A mixed model of the votes of an exported study: people and photos as random, probit link.
#
#   Rscript analysis/mixed_model.R        in the folder of the unzipped export; needs lme4
#
# The outcome is whether a version was taken for real: "real" said of a single image, or, in pairs, the
# wrong side named. With a probit link its means are z values, so that differences of them are d', here
# of the person and photo in the middle; the report's d' is the crowd's, which is a little smaller.
# Preference votes (which of two models) are not for this model; see results/ there.

library(lme4)

sheet <- function(what) {
  file <- Sys.glob(sprintf("data/*_description-%s_data.csv", what))
  read.csv(file, stringsAsFactors = FALSE)
}

votes <- sheet("votes")
people <- read.csv("results/people.csv")
kept <- people$participant[people$excluded == 0]
if (length(kept) == 0) kept <- people$participant # as the report does
votes <- votes[votes$kind == "trial" & votes$participant %in% kept, ]
votes$condition <- sub("^'", "", votes$condition) # see README.md

pairs <- !all(votes$truth %in% c("real", "synthesized"))
if (anyNA(votes$truth) || any(votes$truth == "")) stop("These votes rank models; no answer is right.")
votes$believed <- as.integer(if (pairs) votes$answer != votes$truth else votes$answer == "real")
levels <- unique(votes$condition)
levels <- c(intersect("real", levels), sort(setdiff(levels, "real")))
votes$condition <- factor(votes$condition, levels)

formula <- if (length(levels) > 1) {
  believed ~ 0 + condition + (1 | participant) + (1 | photo) + (1 | photo:condition)
} else {
  believed ~ 1 + (1 | participant) + (1 | photo)
}
fit <- glmer(formula, votes, family = binomial("probit"), nAGQ = 0)

mean <- fixef(fit)
names(mean) <- levels
covariance <- as.matrix(vcov(fit))
row <- function(name, weights) {
  estimate <- sum(weights * mean)
  error <- sqrt(drop(weights %*% covariance %*% weights))
  data.frame(what = name, estimate, low = estimate - 1.96 * error, high = estimate + 1.96 * error,
             p = 2 * pnorm(-abs(estimate / error)))
}
unit <- function(i) as.numeric(seq_along(levels) == i)

rows <- lapply(seq_along(levels), function(i) row(paste("z,", levels[i]), unit(i)))
if (pairs) { # d' = -sqrt(2) z(share fooled)
  rows <- c(rows, lapply(seq_along(levels), function(i) row(paste("d',", levels[i]), -sqrt(2) * unit(i))))
} else {
  rows <- c(rows, lapply(seq_along(levels)[-1], function(i) row(paste("d',", levels[i]), unit(1) - unit(i))))
}
models <- setdiff(seq_along(levels), if (pairs) integer(0) else 1)
if (length(models) > 1) {
  compared <- combn(models, 2, function(ij) {
    row(paste(levels[ij[1]], "-", levels[ij[2]]), unit(ij[1]) - unit(ij[2]))
  }, simplify = FALSE)
  compared <- do.call(rbind, compared)
  compared$p_holm <- p.adjust(compared$p, "holm")
} else {
  compared <- NULL
}

sink("analysis/mixed_model.txt", split = TRUE)
cat(nrow(votes), "votes,", length(unique(votes$participant)), "people,",
    length(unique(votes$photo)), "photos; SDs in z\n\n")
print(VarCorr(fit), comp = "Std.Dev.")
cat("\n")
print(do.call(rbind, rows), digits = 3, row.names = FALSE)
if (!is.null(compared)) {
  cat("\n")
  print(compared, digits = 3, row.names = FALSE)
}
sink()
