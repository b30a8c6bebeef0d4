(** * Corrected C-VF in R^n: transposes constructed, every smooth vector field an instance

    In [R^n] the transpose need not be given: [transpose L] is made of the inner products of [L]'s
    values, and is bounded because [L] is.  So every vector field that is differentiable, with a
    derivative in the parameters that is continuous, meets every hypothesis of Theorem 1 without
    symmetry at each of its steady states ([smooth_meets_every_hypothesis]).
 *)

From Coq Require Import Reals Lra Lia.
From Coquelicot Require Import Coquelicot.
From CEP Require Import Algebra Limits Gradients Dynamics LearningRules VectorFieldNetwork Potential.
From CEP Require Import Hilbert.
From CEP Require Pinned.
Set Implicit Arguments.
Open Scope R_scope.
Local Notation R1 := R_NormedModule.

(** ** The transpose *)

Lemma first_coordinate (a : R) : a = a * 1 + 0.
Proof. ring. Qed.
Lemma covector_spec (n : nat) (f : Rn n -> R) : is_linear (V := R1) f -> forall x, f x = dot n x (covector n f).
Proof.
induction n as [|n IH]; intros Hf x.
- change (f x = x * f 1). assert (E : f (scal (x : R_AbsRing) (1 : R1)) = x * f 1) by exact (linear_scal f Hf x 1).
  rewrite <- E. f_equal. exact (eq_sym (Rmult_1_r x)).
- destruct x as [a x']. change (f (a, x') = a * f (1, zero) + dot n x' (covector n (fun x => f (zero, x)))).
  assert (L : is_linear (U := Rn n) (V := R1) (fun x => f (zero, x))).
  { apply (@is_linear_comp R_AbsRing (Rn n) (Rn (S n)) R1 (fun x => (zero, x)) f). 2: exact Hf.
    exact (@is_linear_prod R_AbsRing (Rn n) R1 (Rn n) _ _ (@is_linear_zero R_AbsRing (Rn n) R1) (@is_linear_id R_AbsRing (Rn n))). }
  rewrite <- (IH _ L x').
  assert (E1 : f (scal (a : R_AbsRing) ((1, zero) : Rn (S n))) = a * f (1, zero)) by exact (linear_scal f Hf a (1, zero)).
  rewrite <- E1.
  assert (E2 : f (plus (scal (a : R_AbsRing) ((1, zero) : Rn (S n))) ((zero, x') : Rn (S n))) = f (scal (a : R_AbsRing) ((1, zero) : Rn (S n))) + f (zero, x'))
    by exact (linear_plus f Hf _ _).
  rewrite <- E2. f_equal. apply injective_projections.
  + exact (first_coordinate a).
  + change (x' = plus (scal (a : R_AbsRing) zero) x'). module (Rn n).
Qed.

Section Transpose.
Variables n m : nat.
Lemma transpose_spec (L : Rn n -> Rn m) : is_linear L -> forall x y, dot m (L x) y = dot n x (transpose n m L y).
Proof.
intros HL x y. apply (@covector_spec n (fun x => dot m (L x) y)).
exact (@is_linear_comp R_AbsRing (Rn n) (Rn m) R1 L (fun v => dot m v y) HL (ip_lin (is_inner_product_Rn m) y)).
Qed.
(** What is adjoint to a bounded map is bounded and linear. *)
Lemma transpose_linear (L : Rn n -> Rn m) : is_linear L -> is_linear (transpose n m L).
Proof.
intros HL. assert (Sp := transpose_spec HL). assert (In := is_inner_product_Rn n). assert (Im := is_inner_product_Rn m).
destruct HL as [_ _ [M [M0 HM]]]. split.
- intros y y'. apply (ip_ext In). intros x. rewrite (ip_sym In), <- Sp, (ipPr Im), !Sp, (ipPl In), !(ip_sym In x). reflexivity.
- intros k y. apply (ip_ext In). intros x. rewrite (ip_sym In), <- Sp, (ipSr Im), Sp, (ipSl In), (ip_sym In x). reflexivity.
- exists M. split. exact M0. intros y.
  assert (N0 := norm_ge_0 (transpose n m L y)). assert (N1 := norm_ge_0 y).
  assert (P : norm (transpose n m L y) * norm (transpose n m L y) <= M * norm y * norm (transpose n m L y)).
  { rewrite <- (@hilbert_norm_Rn n (transpose n m L y)), <- Sp. eapply Rle_trans. apply (cauchy_schwarz Im (@hilbert_norm_Rn m)).
    apply Rle_trans with (M * norm (transpose n m L y) * norm y). apply Rmult_le_compat_r. exact N1. apply HM. right; ring. }
  destruct (Rle_lt_or_eq_dec _ _ N0) as [Q|Q]. nra. rewrite <- Q. apply Rmult_le_pos; lra.
Qed.
(** Maps that are close have transposes that are as close. *)
Lemma transpose_close (L L' : Rn n -> Rn m) (eps : R) : is_linear L -> is_linear L' -> 0 <= eps ->
  (forall x, norm (minus (L x) (L' x)) <= eps * norm x) ->
  forall y, norm (minus (transpose n m L y) (transpose n m L' y)) <= eps * norm y.
Proof.
intros HL HL' He H y. assert (In := is_inner_product_Rn n). assert (Im := is_inner_product_Rn m).
set (v := minus (transpose n m L y) (transpose n m L' y)). assert (N0 := norm_ge_0 v). assert (N1 := norm_ge_0 y).
assert (P : norm v * norm v <= eps * norm y * norm v).
{ rewrite <- (@hilbert_norm_Rn n v). unfold v at 2. 
  assert (E : dot n v (minus (transpose n m L y) (transpose n m L' y)) = dot m (minus (L v) (L' v)) y).
  { rewrite (ipMl Im), (transpose_spec HL), (transpose_spec HL'), (ip_sym In v), (ipMl In), !(ip_sym In v). reflexivity. }
  rewrite E. eapply Rle_trans. apply (cauchy_schwarz Im (@hilbert_norm_Rn m)).
  apply Rle_trans with (eps * norm v * norm y). apply Rmult_le_compat_r. exact N1. apply H. right; ring. }
destruct (Rle_lt_or_eq_dec _ _ N0) as [Q|Q]. nra. rewrite <- Q. now apply Rmult_le_pos.
Qed.
End Transpose.

(** Linear maps on [R^n] that converge at each vector converge in norm. *)
Lemma operators_converge {T : Type} (FF : (T -> Prop) -> Prop) {HF : Filter FF} (V : NM) (n : nat) :
  forall (L : T -> Rn n -> V) (L0 : Rn n -> V), (forall x, is_linear (L x)) -> is_linear L0 ->
  (forall v, filterlim (fun x => L x v) FF (locally (L0 v))) ->
  forall eps : posreal, FF (fun x => forall v, norm (minus (L x v) (L0 v)) <= eps * norm v).
Proof.
induction n as [|n IH]; intros L L0 HL HL0 Hv eps.
- assert (X := proj1 (@flim_norm T FF HF V _ _) (Hv 1) eps). revert X. apply filter_imp. intros x X v.
  assert (E : minus (L x v) (L0 v) = scal (v : R_AbsRing) (minus (L x 1) (L0 1))).
  { assert (Ev : v = scal (v : R_AbsRing) (1 : R1)) by exact (eq_sym (Rmult_1_r v)).
    assert (E1 : L x v = scal (v : R_AbsRing) (L x 1)) by (rewrite Ev at 1; exact (linear_scal _ (HL x) v 1)).
    assert (E2 : L0 v = scal (v : R_AbsRing) (L0 1)) by (rewrite Ev at 1; exact (linear_scal _ HL0 v 1)).
    rewrite E1, E2. module V. }
  rewrite E. eapply Rle_trans. right; apply norm_scal_R. change (norm v) with (Rabs v). rewrite Rmult_comm.
  apply Rmult_le_compat_r. apply Rabs_pos. now left.
- assert (He : 0 < eps / 2) by (generalize (cond_pos eps); lra).
  assert (In : is_linear (U := Rn n) (V := Rn (S n)) (fun v => (zero, v)))
    by exact (@is_linear_prod R_AbsRing (Rn n) R1 (Rn n) _ _ (@is_linear_zero R_AbsRing (Rn n) R1) (@is_linear_id R_AbsRing (Rn n))).
  assert (X1 := IH (fun x v => L x (zero, v)) (fun v => L0 (zero, v)) (fun x => @is_linear_comp R_AbsRing (Rn n) (Rn (S n)) V _ _ In (HL x))
    (@is_linear_comp R_AbsRing (Rn n) (Rn (S n)) V _ _ In HL0) (fun v => Hv (zero, v)) (mkposreal _ He)).
  assert (X2 := proj1 (@flim_norm T FF HF V _ _) (Hv (1, zero)) (mkposreal _ He)). simpl in X1, X2.
  generalize (filter_and _ _ X1 X2). apply filter_imp. intros x [A1 A2] [a v].
  assert (Sp : forall M : Rn (S n) -> V, is_linear M -> M (a, v) = plus (scal (a : R_AbsRing) (M (1, zero))) (M (zero, v))).
  { intros M HM. assert (E1 : M (scal (a : R_AbsRing) ((1, zero) : Rn (S n))) = scal (a : R_AbsRing) (M (1, zero))) by exact (linear_scal M HM a (1, zero)).
    rewrite <- E1. etransitivity. 2: exact (linear_plus M HM _ _). f_equal. apply injective_projections.
    exact (first_coordinate a). change (v = plus (scal (a : R_AbsRing) zero) v). module (Rn n). }
  rewrite (Sp _ (HL x)), (Sp _ HL0).
  match goal with |- norm ?e <= _ => replace e with (plus (scal (a : R_AbsRing) (minus (L x (1, zero)) (L0 (1, zero)))) (minus (L x (zero, v)) (L0 (zero, v)))) by module V end.
  eapply Rle_trans. apply norm_triangle. rewrite norm_scal_R.
  assert (Na : Rabs a <= @norm R_AbsRing (Rn (S n)) (a, v)) by (eapply Rle_trans; [apply Rmax_l | exact (proj1 (@norm_prod R_AbsRing R1 (Rn n) a v))]).
  assert (Nv : norm v <= @norm R_AbsRing (Rn (S n)) (a, v)) by (eapply Rle_trans; [apply Rmax_r | exact (proj1 (@norm_prod R_AbsRing R1 (Rn n) a v))]).
  specialize (A1 v). assert (P := Rabs_pos a). assert (Q := norm_ge_0 (minus (L x (1, zero)) (L0 (1, zero)))). 
  apply Rle_trans with (@norm R_AbsRing (Rn (S n)) (a, v) * (eps / 2) + eps / 2 * @norm R_AbsRing (Rn (S n)) (a, v)).
  + apply Rplus_le_compat.
    * apply Rmult_le_compat; [exact P | exact Q | exact Na | left; exact A2].
    * eapply Rle_trans. exact A1. apply Rmult_le_compat_l. now left. exact Nv.
  + right. field.
Qed.

(** ** Every smooth vector field meets every hypothesis at a steady state *)

Section Smooth.
Variables n m : nat.
Notation Z := (prod_NormedModule R_AbsRing (Rn n) (Rn m)).
Notation ZS := (prod_NormedModule R_AbsRing Z (Rn n)).
Variables (F : Rn n * Rn m -> Rn n) (DF : Rn n * Rn m -> Rn n * Rn m -> Rn n).
Hypothesis F_diff : forall z : Z, filterdiff (U := Z) F (locally z) (DF z).
Hypothesis B_cont : forall v (z : Z), continuous (fun z : Z => DF z (zero, v)) z.
Local Notation B z := (dF_dtheta (DF z)).
Local Notation H z := (transpose m n (dF_dtheta (DF z))).

Lemma B_at_linear z : is_linear (B z).
Proof. destruct z as [s th]. exact (@Potential.dF_dtheta_linear (Rn n) (Rn m) F s th (DF (s, th)) (F_diff (s, th))). Qed.
Lemma H_close (z : Z) (eps : posreal) : locally z (fun z' : Z => forall w, norm (minus (H z' w) (H z w)) <= eps * norm w).
Proof.
assert (X := @operators_converge Z (locally z) _ (Rn n) m (fun z' => B z') (B z) (fun z' => B_at_linear z') (B_at_linear z) (fun v => @B_cont v z) eps).
refine (@filter_imp Z (locally z) _ _ _ _ X). intros z' A w.
apply (@transpose_close m n (B z') (B z) eps (B_at_linear z') (B_at_linear z)). left; apply cond_pos. exact A.
Qed.
Lemma rule_continuous (p : ZS) : continuous (vf_rule (fun z => H z) : ZS -> Rn m) p.
Proof.
destruct p as [z s']. set (w0 := minus s' (fst z)).
assert (L : is_linear (U := ZS) (V := Rn n) (fun p => minus (snd p) (fst (fst p)))).
{ assert (L1 := @is_linear_comp R_AbsRing ZS Z (Rn n) _ _ (@is_linear_fst R_AbsRing Z (Rn n)) (@is_linear_fst R_AbsRing (Rn n) (Rn m))).
  assert (L2 := @is_linear_comp R_AbsRing ZS (Rn n) (Rn n) _ _ L1 (@is_linear_opp R_AbsRing (Rn n))).
  exact (@is_linear_comp R_AbsRing ZS _ (Rn n) _ _ (@is_linear_prod R_AbsRing ZS (Rn n) (Rn n) _ _ (@is_linear_snd R_AbsRing Z (Rn n)) L2) (@is_linear_plus R_AbsRing (Rn n))). }
assert (W : @continuous ZS (Rn n) (fun p => minus (snd p) (fst (fst p))) (z, s')) by exact (linear_cont _ (z, s') L).
assert (HL := @transpose_linear m n _ (B_at_linear z)).
assert (W2 : @continuous ZS (Rn m) (fun p => H z (minus (snd p) (fst (fst p)))) (z, s'))
  by exact (@continuous_comp ZS (Rn n) (Rn m) _ (H z) (z, s') W (linear_cont _ _ HL)).
apply (@flim_norm ZS (locally ((z, s') : ZS)) _ (Rn m)). intros eps.
assert (P : 0 < norm w0 + 1) by (generalize (norm_ge_0 w0); lra).
assert (He : 0 < eps / 2 / (norm w0 + 1)) by (apply Rdiv_lt_0_compat; [generalize (cond_pos eps); lra | exact P]).
assert (He2 : 0 < eps / 2) by (generalize (cond_pos eps); lra).
assert (C : @continuous ZS Z (fun p : ZS => fst p) (z, s')) by exact (linear_cont _ (z, s') (@is_linear_fst R_AbsRing Z (Rn n))).
assert (X1 : locally ((z, s') : ZS) (fun p : ZS => forall w, norm (minus (H (fst p) w) (H z w)) <= eps / 2 / (norm w0 + 1) * norm w))
  by exact (C _ (H_close z (mkposreal _ He))).
assert (X2 := proj1 (@flim_norm ZS (locally ((z, s') : ZS)) _ (Rn n) _ _) W (mkposreal 1 Rlt_0_1)).
assert (X3 := proj1 (@flim_norm ZS (locally ((z, s') : ZS)) _ (Rn m) _ _) W2 (mkposreal _ He2)).
refine (@filter_imp ZS (locally ((z, s') : ZS)) _ _ _ _ (filter_and _ _ X1 (filter_and _ _ X2 X3))). intros q [A1 [A2 A3]].
unfold vf_rule. cbn [fst snd] in *. set (w := minus (snd q) (fst (fst q))) in *. fold w0 in A2, A3 |- *.
change (norm (minus w w0) < 1) in A2. change (norm (minus (H z w) (H z w0)) < eps / 2) in A3.
assert (Id : minus (H (fst q) w) (H z w0) = plus (minus (H (fst q) w) (H z w)) (minus (H z w) (H z w0))) by module (Rn m).
eapply Rle_lt_trans. right; apply f_equal; exact Id. eapply Rle_lt_trans. exact (norm_triangle (minus (H (fst q) w) (H z w)) (minus (H z w) (H z w0))).
assert (Nw : norm w <= norm w0 + 1).
{ replace w with (plus (minus w w0) w0) by module (Rn n). eapply Rle_trans. apply norm_triangle. lra. }
assert (E : norm (minus (H (fst q) w) (H z w)) <= eps / 2).
{ eapply Rle_trans. apply A1. apply Rle_trans with (eps / 2 / (norm w0 + 1) * (norm w0 + 1)).
  apply Rmult_le_compat_l. lra. exact Nw. right. field. lra. }
apply Rle_lt_trans with (eps / 2 + norm (minus (H z w) (H z w0))). apply Rplus_le_compat_r. exact E. lra.
Qed.

Theorem smooth_field_meets (ell : Rn n -> R) (grad_ell : Rn n -> Rn n) (s_star : Rn n) (theta : Rn m) :
  (forall s, is_gradient (Rn n) (dot n) ell s (grad_ell s)) -> (forall s, continuous grad_ell s) ->
  F (s_star, theta) = s_star ->
  vf_meets_every_hypothesis (smooth_vector_field n m F DF ell grad_ell s_star theta).
Proof.
intros Hl Hc HS.
assert (JL := @Potential.dF_ds_linear (Rn n) (Rn m) F s_star theta (DF (s_star, theta)) (F_diff (s_star, theta))).
split; [exact (F_diff (s_star, theta))|]. split; [|split; [exact (conj (Hl s_star) (Hc s_star)) | split; [split; [|split] | exact HS]]].
- split; [exact (@transpose_linear n n _ JL)|]. split; [exact (@transpose_linear m n _ (B_at_linear (s_star, theta)))|].
  split; [exact (@transpose_spec n n _ JL)|]. split; [exact (@transpose_spec m n _ (B_at_linear (s_star, theta)))|].
  intros eps. exact (H_close (s_star, theta) eps).
- apply filter_forall. intros z. exact (@filterdiff_continuous R_AbsRing Z (Rn n) F z (ex_intro _ _ (F_diff z))).
- apply filter_forall. exact Hc.
- apply filter_forall. exact rule_continuous.
Qed.
End Smooth.

Theorem smooth_fields_are_instances : Pinned.smooth_fields_are_instances.
Proof.
intros n m F DF ell grad_ell s_star theta Z HF HB Hl Hc HS.
exact (@smooth_field_meets n m F DF HF HB ell grad_ell s_star theta Hl Hc HS).
Qed.
