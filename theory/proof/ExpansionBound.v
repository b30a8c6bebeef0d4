(** * Error bounds from the expansion at rest

    With [j = |J|], [g = |grad ell(s_star)|] and [e_t = Delta_s(t) + nabla_s(t)]:

    - [geometric_bound]: [|e_t| <= (j + drift)^t g - j^t g], from numbers alone;
    - [uniform_bound]: if [j < 1], one radius of validity and one constant serve all [t], and the
      bound decays with [t];
    - [stepwise_bound]: the error is its first-order part, a vector, up to a rest of second order.

    The second phase may start from any state near rest, so after a free phase of finitely many
    steps. *)

From Coq Require Import Reals Lra List Lia.
From Coquelicot Require Import Coquelicot.
From CEP Require Import Algebra Limits Gradients Dynamics Bptt LearningRules LinearResponse.
From CEP Require Import Potential Network Drift ApproximatelySettled Expansion ExpansionStep.
Set Implicit Arguments.
Open Scope R_scope.

Section Theorems.
Variable N : network.
Variables (DF : State N * Param N -> State N) (DPhi_theta : State N * Param N -> Param N).
Variables (X : curvature N) (d : expansion_data).
Local Notation J := (dF_ds DF).
Local Notation B := (dF_dtheta DF).
Local Notation C := (dPhi_theta_ds DPhi_theta).
Local Notation Q := (half_F_ss X).
Local Notation T := (half_Phi_theta_ss X).
Local Notation H := (ell_ss X).
Local Notation d0 := (@descent N DF).
Local Notation u := (@displacement N DF).
Hypothesis primitive : has_primitive_function N.
Hypothesis differentiable : derivatives N DF DPhi_theta.
Hypothesis loss : loss_differentiable N.
Hypothesis at_rest : settled N.
Hypothesis d_nonnegative : sizes_nonnegative d.
Hypothesis expansion : @expands N DF DPhi_theta X d.

Lemma J_linear : is_linear J.
Proof. exact (dF_ds_linear (proj1 differentiable)). Qed.
Lemma B_linear : is_linear B.
Proof. exact (dF_dtheta_linear (proj1 differentiable)). Qed.
Lemma C_linear : is_linear C.
Proof. exact (dPhi_theta_ds_linear (proj2 differentiable)). Qed.
Lemma DF_split x y : DF (x, y) = plus (J x) (B y).
Proof. exact (@split_lin (State N) (Param N) (State N) DF (proj1 (proj1 differentiable)) (x, y)). Qed.

Lemma nabla_is t g_s g_th : is_nabla_s N t g_s -> is_nabla_theta N t g_th -> g_s = opp (d0 t) /\ g_th = opp (C (d0 t)).
Proof.
intros Hs Hth. destruct differentiable as [HF HPhi]. destruct loss as [Hl _].
destruct (@bptt_gradients _ _ _ _ (dot_state_inner N) (dot_param_inner N) _ _ _ _ _ _ _ primitive _ _ HF HPhi Hl at_rest t) as [G1 G2].
rewrite (gradient_unique (dot_state_inner N) Hs G1), (gradient_unique (dot_param_inner N) Hth G2).
unfold descent. split.
- generalize (iterate J t (grad_ell N (s_star N))). intros. module (State N).
- rewrite (linear_opp C _ C_linear). generalize (C (iterate J t (grad_ell N (s_star N)))). intros. module (Param N).
Qed.

Variables (s : State N) (beta eta : R) (t : nat) (a0 g e0 : R).
Hypothesis beta_nonzero : beta <> 0.
Let h := Rabs beta.
Let k := Rabs (eta / beta).
Hypothesis start : norm (minus s (s_star N)) <= a0.
Hypothesis start_gradient : norm (grad_ell N (s_star N)) <= g.
(* 0 at rest *)
Hypothesis start_error : norm (residual N s) / h + norm (minus (grad_ell N s) (grad_ell N (s_star N))) <= e0.
Let upd i : State N := Delta_state_from N s i beta eta.
Let error i : State N := minus (upd i) (d0 i).
Local Notation bounded D := (updates_bounded N s beta eta D).

Lemma h_positive : 0 < h. Proof. now apply Rabs_pos_lt. Qed.
Lemma first_error : norm (error 0) <= e0.
Proof.
eapply Rle_trans; [|exact start_error].
assert (E : upd 0 = minus (scal (/ beta : R_AbsRing) (residual N s)) (grad_ell N s)).
{ exact (@first_quotient (State N) beta (F N (s, theta N)) s (grad_ell N s) beta_nonzero). }
assert (E2 : error 0 = minus (scal (/ beta : R_AbsRing) (residual N s)) (minus (grad_ell N s) (grad_ell N (s_star N)))).
{ unfold error. rewrite E. change (d0 0) with (opp (grad_ell N (s_star N))).
  generalize (residual N s) (grad_ell N s) (grad_ell N (s_star N)). intros. module (State N). }
rewrite E2. eapply Rle_trans. apply norm_minus_le. apply Rplus_le_compat_r.
rewrite norm_scal_R, Rabs_Rinv by exact beta_nonzero. right. unfold h, Rdiv. ring.
Qed.
Lemma descent_next i : d0 (S i) = J (d0 i).
Proof. unfold descent. simpl. symmetry. exact (linear_opp J _ J_linear). Qed.
Lemma descent_size i : norm (d0 i) <= size_J d ^ i * g.
Proof.
induction i as [|i IH].
- change (d0 0) with (opp (grad_ell N (s_star N))). rewrite norm_opp. simpl. lra.
- rewrite descent_next. eapply Rle_trans. apply expansion. simpl. rewrite Rmult_assoc. apply Rmult_le_compat_l. apply d_nonnegative. exact IH.
Qed.

(* how the parameters follow, given the neurons' error *)
Lemma param_error (m n : R) (D : nat -> R) : m <= radius_state d -> n <= radius_param d -> 0 <= n ->
  (forall i, (i <= t)%nat -> 0 <= D i) ->
  a0 + h * total D (S t) <= m -> k * lipschitz_Phi d m n * (h * total D (S t)) <= n ->
  bounded D (S t) -> eta <> 0 ->
  norm (minus (Delta_param_from N s t beta eta)
              (plus (C (upd t)) (T (plus (minus (fst (cep_from N s beta eta t)) (s_star N)) (minus (fst (cep_from N s beta eta (S t))) (s_star N))) (upd t))))
    <= (cubic_Phi d * m ^ 2 + mixed_Phi d * n) * norm (upd t) /\
  norm (T (plus (minus (fst (cep_from N s beta eta t)) (s_star N)) (minus (fst (cep_from N s beta eta (S t))) (s_star N))) (upd t))
    <= 2 * size_T d * m * norm (upd t).
Proof.
intros Hm Hn n0 D0 S1 S2 Hu He.
assert (E : Delta_param_from N s t beta eta = scal (/ beta : R_AbsRing)
  (minus (Phi_theta N (fst (cep_from N s beta eta (S t)), snd (cep_from N s beta eta t))) (Phi_theta N (cep_from N s beta eta t)))).
{ change (scal (/ eta : R_AbsRing) (minus (plus (snd (cep_from N s beta eta t)) (scal (eta / beta : R_AbsRing)
    (minus (Phi_theta N (fst (cep_from N s beta eta (S t)), snd (cep_from N s beta eta t))) (Phi_theta N (cep_from N s beta eta t)))))
    (snd (cep_from N s beta eta t))) = scal (/ beta : R_AbsRing)
  (minus (Phi_theta N (fst (cep_from N s beta eta (S t)), snd (cep_from N s beta eta t))) (Phi_theta N (cep_from N s beta eta t)))).
  generalize (minus (Phi_theta N (fst (cep_from N s beta eta (S t)), snd (cep_from N s beta eta t))) (Phi_theta N (cep_from N s beta eta t)))
    (snd (cep_from N s beta eta t)). intros. module_field (Param N). }
assert (V : norm (minus (snd (cep_from N s beta eta t)) (theta N)) <= n).
{ refine (proj2 (@param_within N DF DPhi_theta X d d_nonnegative C_linear expansion s beta eta t m n a0 D beta_nonzero Hm Hn start D0 S1 S2 n0 t _ _)). lia.
  intros l Hl. apply Hu. lia. }
split.
- rewrite E. exact (@speed_expansion N DF DPhi_theta X d C_linear expansion s beta eta t m n a0 D beta_nonzero Hm Hn start D0 S1 t (le_n t) Hu V).
- exact (@curved_T N DF DPhi_theta X d d_nonnegative expansion s beta eta t m a0 D beta_nonzero start D0 S1 t (le_n t) Hu).
Qed.

(** ** From numbers alone *)

Lemma total_scal (f : nat -> R) c i : total (fun l => f l * c) i = c * total f i.
Proof. induction i as [|i IH]; simpl. ring. rewrite IH. ring. Qed.

Section Geometric.
Variables m n q : R.
Let y := g + e0.
Hypothesis certificate : geometric_certificate d h k m n a0 y q t.
Let D i := q ^ i * y.

Lemma g_nonneg : 0 <= g. Proof. exact (Rle_trans _ _ _ (norm_ge_0 _) start_gradient). Qed.
Lemma y_nonneg : 0 <= y.
Proof.
assert (G := g_nonneg). assert (0 <= e0) by exact (Rle_trans _ _ _ (norm_ge_0 _) first_error). unfold y. lra.
Qed.
Lemma rate : 0 <= drift d h k m n /\ size_J d + drift d h k m n <= q /\ 0 <= q.
Proof.
destruct certificate as [[m0 _] [[n0 _] [C3 _]]].
assert (J0 : 0 <= size_J d) by apply d_nonnegative.
destruct (drift_nonneg d_nonnegative (Rlt_le _ _ h_positive) (Rabs_pos (eta / beta)) m0 n0) as [_ [D1 D2]].
fold k in D1, D2. unfold drift in *. lra.
Qed.
Lemma D_stays : (forall i, 0 <= D i) /\ a0 + h * total D (S t) <= m /\ k * lipschitz_Phi d m n * (h * total D (S t)) <= n.
Proof.
destruct certificate as [_ [_ [_ [C1 C2]]]]. unfold D. rewrite total_scal. split; [|split; assumption].
intros i. apply Rmult_le_pos. apply pow_le. apply rate. exact y_nonneg.
Qed.
Lemma geometric_induction i : (i <= t)%nat -> bounded D (S i) /\ norm (error i) <= D i - size_J d ^ i * g.
Proof.
destruct certificate as [[m0 C1] [[n0 C2] [C3 _]]]. destruct rate as [R1 [R2 R3]]. destruct D_stays as [D1 [D2 D3]].
assert (DP : forall l, (l <= t)%nat -> 0 <= D l) by (intros; apply D1).
assert (Step : forall l, (l <= t)%nat -> norm (error l) <= D l - size_J d ^ l * g -> norm (upd l) <= D l).
{ intros l _ He. replace (upd l) with (plus (error l) (d0 l)) by (unfold error; generalize (upd l) (d0 l); intros; module (State N)).
  eapply Rle_trans. apply norm_triangle. assert (X1 := descent_size l). lra. }
induction i as [|i IH]; intros Hi.
- assert (E : norm (error 0) <= D 0%nat - size_J d ^ 0 * g) by (assert (F1 := first_error); unfold D, y; simpl; lra).
  split; [|exact E]. intros l Hl. replace l with 0%nat by lia. apply Step; [lia | exact E].
- destruct (IH ltac:(lia)) as [I1 I2].
  assert (W := @step_is_J N DF DPhi_theta X d d_nonnegative J_linear B_linear C_linear DF_split expansion s beta eta t m n a0 D
    beta_nonzero C1 C2 start DP D2 D3 n0 i ltac:(lia) I1).
  fold h k (upd (S i)) (upd i) in W.
  assert (U := I1 i ltac:(lia)). fold (upd i) in U.
  assert (E : norm (error (S i)) <= D (S i) - size_J d ^ S i * g).
  { assert (Id : error (S i) = plus (minus (upd (S i)) (J (upd i))) (J (error i))).
    { unfold error. rewrite descent_next, (linear_minus J _ _ J_linear). generalize (upd (S i)) (J (upd i)) (J (d0 i)). intros. module (State N). }
    rewrite Id. eapply Rle_trans. apply norm_triangle.
    assert (JE : norm (J (error i)) <= size_J d * (D i - size_J d ^ i * g)).
    { eapply Rle_trans. apply expansion. apply Rmult_le_compat_l. apply d_nonnegative. exact I2. }
    assert (dn : 0 <= norm (upd i)) by apply norm_ge_0. assert (DPi := DP i ltac:(lia)).
    assert (W2 : drift d h k m n * norm (upd i) <= (q - size_J d) * D i).
    { apply Rle_trans with ((q - size_J d) * norm (upd i)).
      apply Rmult_le_compat_r; [exact dn | lra]. apply Rmult_le_compat_l; [lra | exact U]. }
    replace (D (S i)) with (q * D i) by (unfold D; simpl; ring). simpl pow.
    replace (q * D i - size_J d * size_J d ^ i * g) with ((q - size_J d) * D i + size_J d * (D i - size_J d ^ i * g)) by ring.
    apply Rplus_le_compat; [|exact JE]. eapply Rle_trans. exact W. exact W2. }
  split; [|exact E]. intros l Hl. destruct (Nat.eq_dec l (S i)) as [-> | Hne]. now apply Step. apply I1. lia.
Qed.
Theorem geometric_bound (g_s : State N) (g_th : Param N) : is_nabla_s N t g_s -> is_nabla_theta N t g_th ->
  norm (plus (upd t) g_s) <= q ^ t * y - size_J d ^ t * g /\
  (eta <> 0 -> norm (plus (Delta_param_from N s t beta eta) g_th) <=
     size_C d * (q ^ t * y - size_J d ^ t * g) + (lipschitz_Phi d m n - size_C d) * (q ^ t * y)).
Proof.
intros Hs Hth. destruct (nabla_is Hs Hth) as [-> ->].
destruct certificate as [[m0 C1] [[n0 C2] _]]. destruct D_stays as [D1 [D2 D3]].
destruct (geometric_induction (le_n t)) as [I1 I2]. fold y.
split. exact I2.
intros He.
destruct (@param_error m n D C1 C2 n0 (fun i _ => D1 i) D2 D3 I1 He) as [P1 P2].
assert (U := I1 t (Nat.lt_succ_diag_r t)). fold (upd t) in U.
set (w := T (plus (minus (fst (cep_from N s beta eta t)) (s_star N)) (minus (fst (cep_from N s beta eta (S t))) (s_star N))) (upd t)) in *.
set (p := Delta_param_from N s t beta eta) in *.
assert (Id : plus p (opp (C (d0 t))) = plus (plus (minus p (plus (C (upd t)) w)) w) (C (error t))).
{ unfold error. rewrite (linear_minus C _ _ C_linear). generalize p (C (upd t)) (C (d0 t)) w. intros. module (Param N). }
rewrite Id. eapply Rle_trans. apply norm_triangle. rewrite Rplus_comm. apply Rplus_le_compat.
- eapply Rle_trans. apply expansion. apply Rmult_le_compat_l. apply d_nonnegative. exact I2.
- eapply Rle_trans. apply norm_triangle.
  apply Rle_trans with ((lipschitz_Phi d m n - size_C d) * norm (upd t)). unfold lipschitz_Phi. lra.
  apply Rmult_le_compat_l; [|exact U]. unfold lipschitz_Phi.
  destruct d_nonnegative as [? [? [? [? [? [? [? [? [? [? ?]]]]]]]]]].
  assert (0 <= size_T d * m) by (now apply Rmult_le_pos). assert (0 <= cubic_Phi d * m ^ 2) by (apply Rmult_le_pos; auto; apply pow2_ge_0).
  assert (0 <= mixed_Phi d * n) by (now apply Rmult_le_pos). lra.
Qed.
End Geometric.

(** ** The first-order part as a vector *)

Section Stepwise.
Variables m n nabla first rest whole : nat -> R.
Local Notation L := (@first_order_state N DF DPhi_theta X beta (eta / beta)).
Hypothesis certificate : stepwise_certificate d h k a0 m n nabla first rest whole t.
Hypothesis nabla_size : forall i, (i <= t)%nat -> norm (d0 i) <= nabla i.
Hypothesis first_size : forall i, (i <= t)%nat -> norm (L i) <= first i.
Hypothesis rest_at_start : e0 <= rest 0.
Let D i := nabla i + whole i.
Let away i := a0 + h * total whole i.

Lemma whole_nonneg i : (i <= t)%nat -> 0 <= whole i /\ 0 <= D i.
Proof.
intros Hi. destruct certificate as [P _]. destruct (P i Hi) as [_ [_ [_ [_ [P1 [P2 P3]]]]]].
assert (F1 := first_size Hi). assert (F2 := norm_ge_0 (L i)). unfold D. lra.
Qed.
Lemma away_size i : (i <= S t)%nat -> (forall l, (l < i)%nat -> norm (error l) <= whole l) ->
  norm (minus (minus (fst (cep_from N s beta eta i)) (s_star N)) (scal (beta : R_AbsRing) (u i))) <= away i.
Proof.
assert (P := h_positive).
induction i as [|i IH]; intros Hi He.
- unfold away. simpl total. rewrite Rmult_0_r, Rplus_0_r.
  assert (E0 : minus (minus (fst (cep_from N s beta eta 0)) (s_star N)) (scal (beta : R_AbsRing) (u 0)) = minus s (s_star N)).
  { change (fst (cep_from N s beta eta 0)) with s. change (u 0) with (zero : State N). module (State N). }
  rewrite E0. exact start.
- assert (I := IH ltac:(lia) ltac:(intros l Hl; apply He; lia)). assert (E := He i ltac:(lia)).
  assert (M : minus (fst (cep_from N s beta eta (S i))) (fst (cep_from N s beta eta i)) = scal (beta : R_AbsRing) (upd i))
    by exact (@moved_state N s beta eta beta_nonzero i).
  assert (E0 : minus (minus (fst (cep_from N s beta eta (S i))) (s_star N)) (scal (beta : R_AbsRing) (u (S i))) =
    plus (minus (minus (fst (cep_from N s beta eta i)) (s_star N)) (scal (beta : R_AbsRing) (u i))) (scal (beta : R_AbsRing) (error i))).
  { transitivity (plus (minus (minus (fst (cep_from N s beta eta i)) (s_star N)) (scal (beta : R_AbsRing) (u (S i))))
      (minus (fst (cep_from N s beta eta (S i))) (fst (cep_from N s beta eta i)))).
    generalize (fst (cep_from N s beta eta (S i))) (fst (cep_from N s beta eta i)) (u (S i)). intros. module (State N).
    etransitivity. apply f_equal. exact M. change (u (S i)) with (plus (u i) (d0 i)). unfold error.
    generalize (fst (cep_from N s beta eta i)) (u i) (d0 i) (upd i). intros. module (State N). }
  rewrite E0. eapply Rle_trans. apply norm_triangle. rewrite norm_scal_R. fold h. unfold away in *. simpl total.
  assert (h * norm (error i) <= h * whole i) by (apply Rmult_le_compat_l; lra). lra.
Qed.

Lemma stepwise_induction i : (i <= t)%nat -> forall l, (l <= i)%nat ->
  norm (minus (error l) (L l)) <= rest l /\ norm (error l) <= whole l /\ norm (upd l) <= D l.
Proof.
destruct certificate as [C5 C6].
assert (DP : forall l, (l <= t)%nat -> 0 <= D l) by (intros; now apply whole_nonneg).
assert (Step : forall l, (l <= t)%nat -> norm (minus (error l) (L l)) <= rest l -> norm (error l) <= whole l /\ norm (upd l) <= D l).
{ intros l Hl HR. assert (F1 := first_size Hl). assert (N1 := nabla_size Hl). destruct (C5 l Hl) as [_ [_ [_ [_ [_ [_ P3]]]]]].
  assert (W : norm (error l) <= whole l).
  { replace (error l) with (plus (minus (error l) (L l)) (L l)) by (generalize (error l) (L l); intros; module (State N)).
    eapply Rle_trans. apply norm_triangle. lra. }
  split. exact W. replace (upd l) with (plus (error l) (d0 l)) by (unfold error; generalize (upd l) (d0 l); intros; module (State N)).
  eapply Rle_trans. apply norm_triangle. unfold D. lra. }
induction i as [|i IH]; intros Hi.
- intros l Hl. replace l with 0%nat by lia.
  assert (R0 : norm (minus (error 0) (L 0)) <= rest 0%nat).
  { assert (E0 : minus (error 0) (L 0) = error 0).
    { unfold first_order_state. change (@beta_part N DF X 0) with (zero : State N). change (@kappa_part N DF DPhi_theta 0) with (zero : State N).
      generalize (error 0). intros. module (State N). }
    rewrite E0. exact (Rle_trans _ _ _ first_error rest_at_start). }
  split. exact R0. apply Step. lia. exact R0.
- assert (I := IH ltac:(lia)). clear IH. intros l Hl. destruct (Nat.eq_dec l (S i)) as [-> | Hne]. 2: apply I; lia.
  assert (Hu : bounded D (S i)) by (intros j Hj; apply I; lia).
  assert (He : forall j, (j < S i)%nat -> norm (error j) <= whole j) by (intros j Hj; apply I; lia).
  destruct (I i (le_n i)) as [R1 [E1 U1]]. destruct (C5 i ltac:(lia)) as [[m0 C1] [[n0 C2] [C3 [C4 _]]]].
  assert (DPi : forall l, (l <= i)%nat -> 0 <= D l) by (intros; apply DP; lia).
  assert (A := @away_size i ltac:(lia) ltac:(intros j Hj; apply He; lia)). assert (A' := @away_size (S i) ltac:(lia) He).
  assert (W := @step_to_first_order N DF DPhi_theta X d d_nonnegative J_linear B_linear C_linear DF_split expansion s beta eta i (m i) (n i) a0 D
    beta_nonzero C1 C2 start DPi C3 C4 n0 i (away i) (away (S i)) (whole i) ltac:(lia) Hu A A' E1).
  fold h k (upd (S i)) (upd i) in W. cbv beta in W. fold (upd (S i)) (upd i) in W.
  assert (R2 : norm (minus (error (S i)) (L (S i))) <= rest (S i)).
  { set (lead := plus (scal (beta : R_AbsRing) (minus (Q (plus (u i) (u (S i))) (d0 i)) (H (d0 i)))) (scal (eta / beta : R_AbsRing) (B (C (d0 i))))) in *.
    assert (LS : L (S i) = plus (J (L i)) lead).
    { unfold first_order_state.
      change (@beta_part N DF X (S i)) with (plus (J (@beta_part N DF X i)) (minus (Q (plus (u i) (u (S i))) (d0 i)) (H (d0 i)))).
      change (@kappa_part N DF DPhi_theta (S i)) with (plus (J (@kappa_part N DF DPhi_theta i)) (B (C (d0 i)))).
      rewrite (linear_plus J J_linear), !(linear_scal J J_linear). unfold lead.
      generalize (J (@beta_part N DF X i)) (J (@kappa_part N DF DPhi_theta i)) (Q (plus (u i) (u (S i))) (d0 i)) (H (d0 i)) (B (C (d0 i))).
      intros. module (State N). }
    assert (Id : minus (error (S i)) (L (S i)) = plus (minus (minus (upd (S i)) (J (upd i))) lead) (J (minus (error i) (L i)))).
    { rewrite LS. unfold error. rewrite descent_next, (linear_minus J _ (L i) J_linear), (linear_minus J _ _ J_linear).
      generalize (upd (S i)) (J (upd i)) (J (d0 i)) (J (L i)) lead. intros. module (State N). }
    rewrite Id. eapply Rle_trans. apply norm_triangle.
    assert (JE : norm (J (minus (error i) (L i))) <= size_J d * rest i).
    { eapply Rle_trans. apply expansion. apply Rmult_le_compat_l. apply d_nonnegative. exact R1. }
    assert (C := C6 i ltac:(lia)). fold (away i) (away (S i)) (D i) in C.
    destruct (drift_nonneg d_nonnegative (Rlt_le _ _ h_positive) (Rabs_pos (eta / beta)) m0 n0) as [_ [_ DS]]. fold k in DS.
    assert (M1 : drift_second d h k (m i) (n i) * norm (upd i) <= drift_second d h k (m i) (n i) * D i) by (now apply Rmult_le_compat_l).
    assert (NN := nabla_size (i := i) ltac:(lia)).
    assert (WN : forall j, (j <= S i)%nat -> 0 <= away j).
    { intros j Hj. unfold away. assert (0 <= a0) by exact (Rle_trans _ _ _ (norm_ge_0 _) start). assert (PH := h_positive).
      assert (0 <= total whole j) by (apply total_nonneg; intros; apply whole_nonneg; lia).
      assert (0 <= h * total whole j) by (apply Rmult_le_pos; lra). lra. }
    assert (M2 : size_Q d * (away i + away (S i)) * norm (d0 i) <= size_Q d * (away i + away (S i)) * nabla i).
    { apply Rmult_le_compat_l; auto. apply Rmult_le_pos. apply d_nonnegative. assert (0 <= away i) by (apply WN; lia). assert (0 <= away (S i)) by (apply WN; lia). lra. }
    lra. }
  split. exact R2. now apply Step.
Qed.

Theorem stepwise_bound (g_s : State N) (g_th : Param N) : is_nabla_s N t g_s -> is_nabla_theta N t g_th ->
  (norm (minus (plus (upd t) g_s) (L t)) <= rest t /\ norm (plus (upd t) g_s) <= whole t) /\
  (eta <> 0 -> norm (minus (plus (Delta_param_from N s t beta eta) g_th) (@first_order_param N DF DPhi_theta X beta (eta / beta) t))
     <= rest_param d h a0 m n nabla rest whole t).
Proof.
intros Hs Hth. destruct (nabla_is Hs Hth) as [-> ->].
destruct certificate as [C5 C6]. destruct (C5 t (le_n t)) as [[m0 C1] [[n0 C2] [C3 [C4 _]]]].
assert (I := stepwise_induction (le_n t)). destruct (I t (le_n t)) as [R1 [E1 U1]].
split. split; assumption.
intros He.
assert (DP : forall l, (l <= t)%nat -> 0 <= D l) by (intros; now apply whole_nonneg).
assert (Hu : bounded D (S t)) by (intros j Hj; apply I; lia).
assert (Hw : forall j, (j < S t)%nat -> norm (error j) <= whole j) by (intros j Hj; apply I; lia).
destruct (@param_error (m t) (n t) D C1 C2 n0 DP C3 C4 Hu He) as [P1 _].
assert (A := @away_size t ltac:(lia) ltac:(intros j Hj; apply Hw; lia)). assert (A' := @away_size (S t) (le_n _) Hw).
assert (Sa := @state_within N s beta eta t (m t) a0 D beta_nonzero start DP C3 t ltac:(lia) ltac:(intros j Hj; apply Hu; lia)).
assert (Sa' := @state_within N s beta eta t (m t) a0 D beta_nonzero start DP C3 (S t) (le_n _) Hu).
cbv beta in Sa, Sa'.
set (b := minus (fst (cep_from N s beta eta t)) (s_star N)) in *. set (b' := minus (fst (cep_from N s beta eta (S t))) (s_star N)) in *.
set (p := Delta_param_from N s t beta eta) in *.
assert (E4 := proj1 (proj2 (proj2 (proj2 (proj2 expansion))))). destruct E4 as [[T1 T2] BT].
destruct d_nonnegative as [_ [_ [DC [_ [DT [_ [_ [_ [DP3 [DM _]]]]]]]]]].
assert (X1 : norm (C (minus (error t) (L t))) <= size_C d * rest t).
{ eapply Rle_trans. apply expansion. now apply Rmult_le_compat_l. }
assert (X2 : norm (T (plus b b') (error t)) <= 2 * size_T d * m t * whole t).
{ eapply Rle_trans. apply BT. apply Rmult_le_compat; auto.
  apply Rmult_le_pos; auto. apply norm_ge_0. apply norm_ge_0.
  replace (2 * size_T d * m t) with (size_T d * (m t + m t)) by ring. apply Rmult_le_compat_l; auto.
  eapply Rle_trans. apply norm_triangle. now apply Rplus_le_compat. }
assert (X3 : norm (T (minus (plus b b') (scal (beta : R_AbsRing) (plus (u t) (u (S t))))) (d0 t)) <= size_T d * (away t + away (S t)) * nabla t).
{ eapply Rle_trans. apply BT. apply Rmult_le_compat; auto. apply Rmult_le_pos; auto. apply norm_ge_0. apply norm_ge_0.
  apply Rmult_le_compat_l; auto.
  assert (E0 : minus (plus b b') (scal (beta : R_AbsRing) (plus (u t) (u (S t)))) = plus (minus b (scal (beta : R_AbsRing) (u t))) (minus b' (scal (beta : R_AbsRing) (u (S t))))).
  { generalize b b' (u t) (u (S t)). intros. module (State N). }
  rewrite E0. eapply Rle_trans. apply norm_triangle. now apply Rplus_le_compat. }
assert (X4 : (cubic_Phi d * m t ^ 2 + mixed_Phi d * n t) * norm (upd t) <= (cubic_Phi d * m t ^ 2 + mixed_Phi d * n t) * D t).
{ apply Rmult_le_compat_l; auto. apply Rplus_le_le_0_compat; apply Rmult_le_pos; auto. apply pow2_ge_0. }
set (r := minus p (plus (C (upd t)) (T (plus b b') (upd t)))) in *.
assert (Id : minus (plus p (opp (C (d0 t)))) (@first_order_param N DF DPhi_theta X beta (eta / beta) t) =
  plus (plus r (C (minus (error t) (L t)))) (plus (T (plus b b') (error t)) (T (minus (plus b b') (scal (beta : R_AbsRing) (plus (u t) (u (S t))))) (d0 t)))).
{ unfold first_order_param.
  assert (E0 : T (minus (plus b b') (scal (beta : R_AbsRing) (plus (u t) (u (S t))))) (d0 t) = minus (T (plus b b') (d0 t)) (scal (beta : R_AbsRing) (T (plus (u t) (u (S t))) (d0 t)))).
  { etransitivity. exact (linear_minus (fun q => T q (d0 t)) (plus b b') (scal (beta : R_AbsRing) (plus (u t) (u (S t)))) (T2 (d0 t))). apply f_equal.
    exact (linear_scal (fun q => T q (d0 t)) (T2 (d0 t)) (beta : R_AbsRing) (plus (u t) (u (S t)))). }
  rewrite E0, (linear_minus C (error t) (L t) C_linear). unfold error.
  rewrite (linear_minus C (upd t) (d0 t) C_linear), (linear_minus (T (plus b b')) (upd t) (d0 t) (T1 (plus b b'))). unfold r.
  generalize p (C (upd t)) (C (d0 t)) (C (L t)) (T (plus b b') (upd t)) (T (plus b b') (d0 t)) (T (plus (u t) (u (S t))) (d0 t)).
  intros. module (Param N). }
rewrite Id. eapply Rle_trans. apply norm_triangle. unfold rest_param. fold (away t) (away (S t)) (D t).
assert (Y1 : norm (plus r (C (minus (error t) (L t)))) <= norm r + norm (C (minus (error t) (L t)))) by apply norm_triangle.
assert (Y2 : norm (plus (T (plus b b') (error t)) (T (minus (plus b b') (scal (beta : R_AbsRing) (plus (u t) (u (S t))))) (d0 t))) <=
  norm (T (plus b b') (error t)) + norm (T (minus (plus b b') (scal (beta : R_AbsRing) (plus (u t) (u (S t))))) (d0 t))) by apply norm_triangle.
lra.
Qed.
End Stepwise.
End Theorems.
