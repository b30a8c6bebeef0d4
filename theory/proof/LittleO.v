(** * Functions that are negligible against a moving weight

    Technical lemmas for [MovingRatio.v] and [FirstTrace.v]: little-o along a filter, against a weight
    [w >= 1], and differentiability along a perturbation of size [b w]. *)
From Coq Require Import Reals Lra Lia.
From Coquelicot Require Import Coquelicot.
From CEP Require Import Algebra Limits.
Set Implicit Arguments.
Open Scope R_scope.

(** ** Little-o along a filter *)
Section LittleO.
Context {T : Type} (FF : (T -> Prop) -> Prop) {HF : Filter FF}.
Variable w : T -> R.
Hypothesis w_ge_1 : forall x, 1 <= w x.

(** [f] is negligible against the weight [w]. *)
Definition littleO (V : NM) (f : T -> V) : Prop :=
  forall eps : posreal, FF (fun x => norm (f x) <= eps * w x).

Section Rules.
Variables U V : NM.
Lemma lo_ext (f g : T -> V) : FF (fun x => f x = g x) -> littleO V f -> littleO V g.
Proof.
intros E H eps. generalize (filter_and _ _ E (H eps)). apply filter_imp. intros x [<- X]. exact X.
Qed.
Lemma lo_plus (f g : T -> V) : littleO V f -> littleO V g -> littleO V (fun x => plus (f x) (g x)).
Proof.
intros Hf Hg eps. generalize (filter_and _ _ (Hf (pos_div_2 eps)) (Hg (pos_div_2 eps))).
apply filter_imp. intros x [X Y]. eapply Rle_trans. apply norm_triangle. simpl in X, Y.
apply Rle_trans with (eps / 2 * w x + eps / 2 * w x). now apply Rplus_le_compat. right; field.
Qed.
Lemma lo_opp (f : T -> V) : littleO V f -> littleO V (fun x => opp (f x)).
Proof.
intros Hf eps. generalize (Hf eps). apply filter_imp. intros x X.
eapply Rle_trans. right; apply norm_opp. exact X.
Qed.
Lemma lo_minus (f g : T -> V) : littleO V f -> littleO V g -> littleO V (fun x => minus (f x) (g x)).
Proof. intros Hf Hg. apply lo_plus; auto. now apply lo_opp. Qed.
Lemma lo_linear (l : U -> V) (f : T -> U) : is_linear l -> littleO U f -> littleO V (fun x => l (f x)).
Proof.
intros [_ _ [M [M0 HM]]] Hf eps.
assert (He : 0 < eps / M) by (apply Rdiv_lt_0_compat; auto; apply cond_pos).
generalize (Hf (mkposreal _ He)). apply filter_imp. intros x X. simpl in X.
eapply Rle_trans. apply HM.
apply Rle_trans with (M * (eps / M * w x)). apply Rmult_le_compat_l; auto. lra.
right. field. lra.
Qed.
(** A factor at most the weight turns a null function into a negligible one. *)
Lemma lo_scal (k : T -> R) (f : T -> V) : (forall x, Rabs (k x) <= w x) ->
  filterlim f FF (locally (zero : V)) -> littleO V (fun x => scal (k x : R_AbsRing) (f x)).
Proof.
intros Hk Hf eps.
generalize (proj1 (@flim_norm T FF HF V f zero) Hf eps).
apply filter_imp. intros x Y.
assert (Y' : norm (f x) < eps).
{ eapply Rle_lt_trans. 2: exact Y. right. apply f_equal. symmetry. apply minus_zero_r. }
eapply Rle_trans. right; apply norm_scal_R. rewrite Rmult_comm.
apply Rmult_le_compat; auto. apply norm_ge_0. apply Rabs_pos. now left.
Qed.
Lemma lo_of_limit (f : T -> V) : filterlim f FF (locally (zero : V)) -> littleO V f.
Proof.
intros Hf. apply lo_ext with (fun x => scal (1 : R_AbsRing) (f x)).
apply filter_forall. intros x. apply sc1.
apply (@lo_scal (fun _ => 1)); auto. intros x. rewrite Rabs_R1. apply w_ge_1.
Qed.
(** Against a bounded weight, negligible means null. *)
Lemma limit_of_lo (K : R) (f : T -> V) : FF (fun x => w x <= K) -> littleO V f -> filterlim f FF (locally (zero : V)).
Proof.
intros W Hf. apply flim_norm; auto. intros eps.
assert (K0 : 0 < Rabs K + 1) by (generalize (Rabs_pos K); lra).
assert (He : 0 < eps / 2 / (Rabs K + 1)) by (apply Rdiv_lt_0_compat; auto; generalize (cond_pos eps); lra).
generalize (filter_and _ _ W (Hf (mkposreal _ He))). apply filter_imp. intros x [X Y]. simpl in Y.
eapply Rle_lt_trans. right; apply f_equal; apply minus_zero_r.
eapply Rle_lt_trans. exact Y.
apply Rle_lt_trans with (eps / 2 / (Rabs K + 1) * (Rabs K + 1)).
apply Rmult_le_compat_l. lra. generalize (Rle_abs K); lra.
generalize (cond_pos eps). intros. apply Rle_lt_trans with (eps / 2). right; field; lra. lra.
Qed.
Lemma bO_of_lo (f : T -> V) : littleO V f -> bigO FF V f w.
Proof.
intros Hf. exists 1. split. lra. exact (Hf (mkposreal 1 Rlt_0_1)).
Qed.
Lemma bO_const (v : V) : bigO FF V (fun _ => v) w.
Proof.
exists (norm v). split. apply norm_ge_0. apply filter_forall. intros x.
apply Rle_trans with (norm v * 1). lra. apply Rmult_le_compat_l. apply norm_ge_0. apply w_ge_1.
Qed.
Lemma bO_factor (k : T -> R) (v : V) : (forall x, Rabs (k x) <= w x) -> bigO FF V (fun x => scal (k x : R_AbsRing) v) w.
Proof.
intros Hk. exists (norm v). split. apply norm_ge_0. apply filter_forall. intros x.
eapply Rle_trans. right; apply norm_scal_R. rewrite Rmult_comm. apply Rmult_le_compat_l; auto. apply norm_ge_0.
Qed.
End Rules.

(** *** Differentiability along a moving perturbation

    If [p = p0 + b q] with [q = O(w)] and [b w -> 0], then
    [(f p - f p0) / b = l q + o(w)]. *)
Section DifferenceQuotient.
Variables (U V : NM) (p0 : U) (b : T -> R) (p : T -> U).
Hypothesis b_nonzero : FF (fun x => b x <> 0).
Hypothesis bw_to_0 : filterlim (fun x => b x * w x) FF (locally (0:R)).
Hypothesis p_bounded : bigO FF U (fun x => scal (/ b x : R_AbsRing) (minus (p x) p0)) w.

Lemma perturbation_to_0 : filterlim p FF (locally p0).
Proof.
destruct p_bounded as [M [M0 HM]].
apply flim_norm; auto. intros d.
assert (Hd1 : 0 < d / (M + 1)) by (apply Rdiv_lt_0_compat; [apply cond_pos | lra]).
assert (N := proj1 (@flim_norm T FF HF R_NormedModule _ 0) bw_to_0 (mkposreal _ Hd1)).
refine (@filter_imp T FF HF _ _ _ (filter_and _ _ b_nonzero (filter_and _ _ HM N))). intros x [X [Y Q]].
change (Rabs (b x * w x + - 0) < d / (M + 1)) in Q. rewrite Ropp_0, Rplus_0_r in Q.
assert (E : minus (p x) p0 = scal (b x : R_AbsRing) (scal (/ b x : R_AbsRing) (minus (p x) p0))) by module_field U.
rewrite E. eapply Rle_lt_trans. right; apply norm_scal_R.
apply Rle_lt_trans with (Rabs (b x) * (M * w x)). apply Rmult_le_compat_l; auto. apply Rabs_pos.
rewrite Rabs_mult, (Rabs_right (w x)) in Q by (generalize (w_ge_1 x); lra).
apply Rle_lt_trans with (M * (d / (M + 1))).
{ replace (Rabs (b x) * (M * w x)) with (M * (Rabs (b x) * w x)) by ring. apply Rmult_le_compat_l; lra. }
apply Rmult_lt_reg_r with (M + 1). lra. field_simplify; [|lra]. generalize (cond_pos d). nra.
Qed.

Lemma difference_quotient (f l : U -> V) : filterdiff f (locally p0) l ->
  littleO V (fun x => minus (scal (/ b x : R_AbsRing) (minus (f (p x)) (f p0)))
                           (l (scal (/ b x : R_AbsRing) (minus (p x) p0)))).
Proof.
intros [Hl Hd] eps. destruct p_bounded as [M [M0 HM]].
assert (He : 0 < eps / (M + 1)) by (apply Rdiv_lt_0_compat; [apply cond_pos | lra]).
assert (N := perturbation_to_0 (Hd p0 (fun P H => H) (mkposreal _ He))). unfold filtermap in N. simpl in N.
refine (@filter_imp T FF HF _ _ _ (filter_and _ _ HM N)). intros x [Y Q].
assert (El : l (scal (/ b x : R_AbsRing) (minus (p x) p0)) = scal (/ b x : R_AbsRing) (l (minus (p x) p0)))
  by exact (linear_scal l Hl (/ b x : R_AbsRing) _).
rewrite El.
assert (E : minus (scal (/ b x : R_AbsRing) (minus (f (p x)) (f p0))) (scal (/ b x : R_AbsRing) (l (minus (p x) p0)))
   = scal (/ b x : R_AbsRing) (minus (minus (f (p x)) (f p0)) (l (minus (p x) p0)))) by module V.
rewrite E. eapply Rle_trans. right; apply norm_scal_R.
assert (NS : Rabs (/ b x) * norm (minus (p x) p0) <= M * w x).
{ eapply Rle_trans. right; symmetry; apply norm_scal_R. exact Y. }
apply Rle_trans with (Rabs (/ b x) * (eps / (M + 1) * norm (minus (p x) p0))).
{ apply Rmult_le_compat_l; auto. apply Rabs_pos. }
apply Rle_trans with (eps / (M + 1) * (M * w x)).
{ replace (Rabs (/ b x) * (eps / (M + 1) * norm (minus (p x) p0))) with (eps / (M + 1) * (Rabs (/ b x) * norm (minus (p x) p0))) by ring.
  apply Rmult_le_compat_l; auto. lra. }
apply Rle_trans with (eps / (M + 1) * ((M + 1) * w x)).
- apply Rmult_le_compat_l. lra. generalize (w_ge_1 x); lra.
- right; field; lra.
Qed.
End DifferenceQuotient.
End LittleO.

Arguments littleO {T}.
